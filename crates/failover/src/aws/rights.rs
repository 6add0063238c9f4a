//! Tries what a controller must be allowed to do, by calls that change nothing (but the canary): the controller under its own role,
//! `doctor` with the credentials of whoever runs it.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_ssm::types::ParameterType;
use futures_util::future::{join_all, join3};
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Error, Kind, Region};

use super::clients::Clients;
use super::{canary, steps};
use crate::rights::{Found, Right, Tried};
use crate::settings::Settings;

/// No try takes longer.
const LIMIT: Duration = Duration::from_secs(5);

/// All that the settings make a controller call, everywhere at once. `values`: each Region's parameter, where it may be tried.
pub async fn all(clients: &Clients, settings: &Settings, values: &BTreeMap<Region, String>) -> Vec<Tried> {
    let everywhere = join_all(settings.policy.regions.iter().map(|region| async move {
        let value = values.get(region).map(String::as_str);
        let canary = canary(clients, settings, region);
        let (canary, get, put) =
            join3(canary, get_parameter(clients, settings, region), put_parameter(clients, settings, region, value)).await;
        [canary, get, put]
    }));
    let home = control_table(clients, settings, &settings.policy.home);
    let (everywhere, home, start) = join3(everywhere, home, start_execution(clients, settings)).await;
    everywhere.into_iter().flatten().chain([home]).chain(start).collect()
}

/// The item that each look writes and reads.
pub async fn canary(clients: &Clients, settings: &Settings, region: &Region) -> Tried {
    let found = within(async { found("", canary::write_and_read(clients.dynamodb(region), settings, region).await) }).await;
    Tried { right: Right::Canary, region: region.clone(), on: settings.table.name.clone(), found }
}

/// Reading is harmless.
pub async fn get_parameter(clients: &Clients, settings: &Settings, region: &Region) -> Tried {
    let get = clients.ssm(region).get_parameter().name(&settings.parameter).send();
    let found = within(async { found("GetParameter", get.await.map_err(translate)) }).await;
    Tried { right: Right::GetParameter, region: region.clone(), on: settings.parameter.clone(), found }
}

/// Without `Overwrite` an existing parameter is never changed, and the refusal says that the right is there. `value` is what it holds:
/// should somebody delete it in between, the try puts it back. Where that is not known nothing is tried, for the try would make one.
pub async fn put_parameter(clients: &Clients, settings: &Settings, region: &Region, value: Option<&str>) -> Tried {
    let tried = |found| Tried { right: Right::PutParameter, region: region.clone(), on: settings.parameter.clone(), found };
    let Some(value) = value else {
        return tried(Found::Untried("without a good parameter, as new as any, the try would make one".to_owned()));
    };
    let put = clients.ssm(region).put_parameter().name(&settings.parameter).value(value);
    let put = put.r#type(ParameterType::String).overwrite(false).send();
    let result = async {
        match put.await {
            Err(error) if error.as_service_error().is_some_and(|e| e.is_parameter_already_exists()) => Found::Held,
            other => found("PutParameter", other.map_err(translate)),
        }
    };
    tried(within(result).await)
}

/// To write, a condition that cannot hold: the right is proved by its refusal.
pub async fn control_table(clients: &Clients, settings: &Settings, region: &Region) -> Tried {
    let (client, text) = (clients.dynamodb(region), |text: &str| AttributeValue::S(text.to_owned()));
    let put = client.put_item().table_name(&settings.control_table).item("pk", text("doctor")).item("sk", text("doctor"));
    let put = put.condition_expression("attribute_exists(#pk) AND attribute_not_exists(#pk)").expression_attribute_names("#pk", "pk");
    let get = client.get_item().table_name(&settings.control_table).key("pk", text("mode")).key("sk", text("mode"));
    let query = client.query().table_name(&settings.control_table).key_condition_expression("#pk = :audit").limit(1);
    let query = query.expression_attribute_names("#pk", "pk").expression_attribute_values(":audit", text("audit"));
    let result = async {
        let (put, get, query) = join3(put.send(), get.send(), query.send()).await;
        let put = match put.map_err(translate) {
            Ok(_) => Err(Error::new(Kind::Internal, "a condition that cannot hold was taken as held")),
            Err(error) if error.kind == Kind::Condition => Ok(()),
            Err(error) => Err(error),
        };
        worst([found("PutItem", put), found("GetItem", get.map_err(translate)), found("Query", query.map_err(translate))])
    };
    let found = within(result).await;
    Tried { right: Right::ControlTable, region: region.clone(), on: settings.control_table.clone(), found }
}

/// Only where something is to follow a switch.
async fn start_execution(clients: &Clients, settings: &Settings) -> Option<Tried> {
    let machine = settings.after_switch.as_ref()?;
    let result = async {
        match steps::may_start(clients.steps(), machine).await {
            Err(error) if error.kind == Kind::NotFound => Found::Absent(format!("StartExecution: {}", error.cause)),
            other => found("StartExecution", other),
        }
    };
    let found = within(result).await;
    Some(Tried { right: Right::StartExecution, region: settings.policy.home.clone(), on: machine.clone(), found })
}

async fn within(result: impl Future<Output = Found>) -> Found {
    let late = || Found::Unknown(format!("no answer within {} s", LIMIT.as_secs()));
    tokio::time::timeout(LIMIT, result).await.unwrap_or_else(|_| late())
}

fn found<T>(call: &str, result: Result<T, Error>) -> Found {
    let Err(error) = result else { return Found::Held };
    let cause = if call.is_empty() { error.cause } else { format!("{call}: {}", error.cause) };
    match error.kind {
        Kind::Access => Found::Missing(cause),
        Kind::NotFound => Found::Untried(cause),
        _ => Found::Unknown(cause),
    }
}

/// One of several calls that make one right: what is refused goes before what is not known.
fn worst(of: [Found; 3]) -> Found {
    let rank = |found: &Found| match found {
        Found::Held => 0,
        Found::Untried(_) => 1,
        Found::Unknown(_) => 2,
        Found::Absent(_) => 3,
        Found::Missing(_) => 4,
    };
    of.into_iter().max_by_key(rank).unwrap_or(Found::Held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_a_missing_right() {
        let error = |kind| found::<()>("PutItem", Err(Error::new(kind, "why")));
        assert_eq!(error(Kind::Access), Found::Missing("PutItem: why".into()));
        assert_eq!(error(Kind::NotFound), Found::Untried("PutItem: why".into()));
        for kind in [Kind::Timeout, Kind::Unavailable, Kind::Throttled, Kind::Config] {
            assert_eq!(error(kind), Found::Unknown("PutItem: why".into()), "{kind:?}");
        }
    }

    #[test]
    fn one_refused_call_of_three_is_a_missing_right() {
        let of = [Found::Held, Found::Missing("GetItem".into()), Found::Unknown("Query".into())];
        assert_eq!(worst(of), Found::Missing("GetItem".into()));
        assert_eq!(worst([Found::Held, Found::Held, Found::Held]), Found::Held);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_answers_ends_at_its_limit() {
        assert_eq!(within(std::future::pending()).await, Found::Unknown("no answer within 5 s".into()));
    }
}
