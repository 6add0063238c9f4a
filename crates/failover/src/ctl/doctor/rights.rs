//! What a controller must be allowed to do, tried with the credentials that are there, by calls that change nothing (but the canary).

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_ssm::types::ParameterType;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Error, Kind, Region};

use super::check::{Check, Subject, allow};
use super::place::Account;
use crate::aws::canary;
use crate::aws::clients::Clients;
use crate::aws::ledger::Ledger;
use crate::settings::Settings;
use crate::signal::{Reading, Signal};

/// In one Region. `parameter`: what was read there; without one nothing is tried, for the try would make it.
pub(super) async fn look(clients: &Clients, settings: &Settings, region: &Region, account: &Account, parameter: &Reading) -> Vec<Check> {
    let (canary, put, control) = futures_util::future::join3(
        canary(clients, settings, region, account),
        put_parameter(clients, settings, region, account, parameter),
        control_table(clients, settings, region, account),
    )
    .await;
    let mut checks = vec![canary, put];
    checks.extend(control);
    checks
}

async fn canary(clients: &Clients, settings: &Settings, region: &Region, account: &Account) -> Check {
    let subject = Subject::new("right: canary", Some(region));
    let arn = account.arn("dynamodb", region, &format!("table/{}", settings.table.name));
    match canary::ask(clients.dynamodb(region), settings, region).await {
        Signal::Ok => subject.ok("UpdateItem and GetItem on the session table"),
        Signal::Failed(why) => {
            subject.fail(why, format!("this is what the controllers take for a loss of {region}; see wp-dynamodb-ctl status"))
        }
        other => subject.fail(other.to_string(), allow(&["dynamodb:GetItem", "dynamodb:UpdateItem"], &arn)),
    }
}

/// Without `Overwrite` an existing parameter is never changed, and the refusal says that the right is there.
async fn put_parameter(clients: &Clients, settings: &Settings, region: &Region, account: &Account, parameter: &Reading) -> Check {
    let subject = Subject::new("right: PutParameter", Some(region));
    let (Reading::Value { value, .. }, name) = (parameter, &settings.parameter) else {
        return subject.skipped("without a good parameter the try would make one");
    };
    let put = clients.ssm(region).put_parameter().name(name).value(value).r#type(ParameterType::String).overwrite(false).send().await;
    let error = match put {
        // Somebody has deleted it since it was read; now it is there again, as it was.
        Ok(_) => return subject.ok("PutParameter wrote the value that was there before"),
        Err(error) if error.as_service_error().is_some_and(|e| e.is_parameter_already_exists()) => {
            return subject.ok("PutParameter is allowed");
        }
        Err(error) => translate(error),
    };
    let arn = account.arn("ssm", region, &format!("parameter/{}", name.trim_start_matches('/')));
    denied(&subject, "PutParameter", &error, &["ssm:GetParameter", "ssm:PutParameter"], &arn)
}

/// A condition that cannot hold: the right is proved by the refusal.
async fn control_table(clients: &Clients, settings: &Settings, region: &Region, account: &Account) -> Vec<Check> {
    let arn = account.arn("dynamodb", region, &format!("table/{}", settings.control_table));
    let actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"];
    let writes = Subject::new("right: control table", Some(region));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = clients.dynamodb(region).put_item().table_name(&settings.control_table).item("pk", text("doctor")).item("sk", text("doctor"));
    let put = put.condition_expression("attribute_exists(#pk) AND attribute_not_exists(#pk)").expression_attribute_names("#pk", "pk");
    let ledger = Ledger { client: clients.dynamodb(region), table: &settings.control_table, home: region };
    let (put, get, query) = futures_util::future::join3(put.send(), ledger.mode(), ledger.trail(0, 1)).await;
    let put = match put.map_err(translate) {
        Ok(_) => Err(Error::new(Kind::Internal, "a condition that cannot hold was taken as held")),
        Err(error) if error.kind == Kind::Condition => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = put {
        return vec![denied(&writes, "PutItem", &error, &actions, &arn)];
    }
    match get.map(|_| ()).and(query.map(|_| ())) {
        Ok(()) => vec![writes.ok("GetItem, PutItem and Query")],
        Err(why) => vec![writes.fail(why, allow(&actions, &arn))],
    }
}

fn denied(subject: &Subject, call: &str, error: &Error, actions: &[&str], arn: &str) -> Check {
    match error.kind {
        Kind::Access => subject.fail(format!("{call}: {}", error.cause), allow(actions, arn)),
        Kind::NotFound => subject.skipped(format!("{call}: {}", error.cause)),
        _ => subject.not_seen(call, error, ""),
    }
}
