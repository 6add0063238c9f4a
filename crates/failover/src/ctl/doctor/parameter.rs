//! The parameter in each Region: there, of the right type, well written, and the same everywhere.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{Parameter, ParameterType};
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::region::parameter::parse;
use wp_dynamodb_core::{Kind, Region};

use super::check::{Check, Subject, allow};
use super::place::Account;
use crate::settings::Settings;
use crate::signal::{Look, Newest, Reading};

/// One Region's parameter, with what it says for the comparison with the others'.
pub(super) async fn look(client: &Client, settings: &Settings, region: &Region, account: &Account) -> (Vec<Check>, Reading) {
    let subject = Subject::new("parameter", Some(region));
    let got = client.get_parameter().name(&settings.parameter).send().await.map_err(translate);
    match got.map(|got| got.parameter) {
        Ok(Some(parameter)) => {
            let (check, reading) = judge(&subject, settings, region, &parameter);
            (vec![check], reading)
        }
        Ok(None) => (vec![subject.fail("an answer without a parameter", "try again")], Reading::Missing),
        Err(error) if error.kind == Kind::NotFound => {
            let seen = format!("there is no {} in {region}: hosts there rely on the other Regions' SSM", settings.parameter);
            (vec![subject.fail(seen, put(settings, region, "<the active Region>", false))], Reading::Missing)
        }
        Err(error) => {
            let arn = account.arn("ssm", region, &format!("parameter/{}", settings.parameter.trim_start_matches('/')));
            (vec![subject.not_seen("GetParameter", &error, allow(&["ssm:GetParameter"], &arn))], Reading::Failed(error.cause))
        }
    }
}

fn judge(subject: &Subject, settings: &Settings, region: &Region, parameter: &Parameter) -> (Check, Reading) {
    let value = parameter.value().unwrap_or_default();
    if parameter.r#type() != Some(&ParameterType::String) {
        let kind = parameter.r#type().map_or("of no type", ParameterType::as_str);
        let name = &settings.parameter;
        // A type cannot be overwritten.
        let fix =
            format!("aws ssm delete-parameter --region {region} --name {name} && {}", put(settings, region, "<the active Region>", false));
        let seen = format!("{name} is {kind}, not String: hosts would read it as it is stored, and ignore it");
        return (subject.fail(seen, fix), Reading::Bad(format!("of the type {kind}")));
    }
    match parse(value, &settings.policy.regions) {
        Ok(named) => {
            let modified = parameter.last_modified_date().and_then(|d| d.to_millis().ok()).and_then(|ms| u64::try_from(ms).ok());
            let active = settings.policy.regions[named.region].clone();
            let value = value.trim().to_owned();
            (subject.ok(format!("\"{value}\"")), Reading::Value { active, value, modified_ms: modified.unwrap_or_default() })
        }
        Err(bad) => {
            let seen = format!("\"{}\": {}; hosts ignore it", bad.shown, bad.reason);
            (subject.fail(seen, put(settings, region, "<the active Region>", true)), Reading::Bad(bad.reason.to_owned()))
        }
    }
}

/// Whether all Regions say the same.
pub(super) fn agreement(settings: &Settings, look: &Look) -> Vec<Check> {
    let subject = Subject::new("parameters agree", None);
    let Some(newest) = look.newest(&settings.policy.regions) else {
        return vec![subject.fail("no Region has a good value", "wp-dynamodb-ctl switch --to <Region> --force")];
    };
    let behind = look.stragglers(&newest, &settings.policy.regions);
    if behind.is_empty() {
        return vec![subject.ok(format!("on \"{}\", as far as they answer", newest.value))];
    }
    behind.iter().map(|region| straggler(settings, region, &newest)).collect()
}

fn straggler(settings: &Settings, region: &Region, newest: &Newest<'_>) -> Check {
    Subject::new("parameters agree", Some(region)).fail(
        format!("not \"{}\", which is the newest; a controller repairs this within its next tick, unless it is pinned", newest.value),
        put(settings, region, newest.value, true),
    )
}

fn put(settings: &Settings, region: &Region, value: &str, overwrite: bool) -> String {
    let overwrite = if overwrite { " --overwrite" } else { "" };
    format!("aws ssm put-parameter --region {region} --name {} --type String --value \"{value}\"{overwrite}", settings.parameter)
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::ctl::doctor::tests::settings;

    #[test]
    fn type_and_value_are_judged() {
        let settings = settings();
        let region = &settings.policy.regions[0];
        let judge = |kind: ParameterType, value: &str| {
            let parameter = Parameter::builder().r#type(kind).value(value).build();
            judge(&Subject::new("parameter", Some(region)), &settings, region, &parameter).0
        };
        assert_eq!(judge(ParameterType::String, "us-west-2\n").verdict, Verdict::Ok);
        assert_eq!(judge(ParameterType::String, "us-west-2 drain=us-east-1").verdict, Verdict::Ok);
        let secure = judge(ParameterType::SecureString, "us-west-2");
        assert!(secure.fix.expect("a fix").starts_with("aws ssm delete-parameter --region us-east-1"));
        let foreign = judge(ParameterType::String, "eu-west-1");
        assert_eq!(foreign.verdict, Verdict::Fail);
        assert!(foreign.seen.contains("not one of"), "{}", foreign.seen);
    }

    #[test]
    fn the_older_one_is_told_to_follow() {
        let settings = settings();
        let [east, west] = [&settings.policy.regions[0], &settings.policy.regions[1]];
        let value = |active: &Region, modified_ms| Reading::Value { active: active.clone(), value: active.to_string(), modified_ms };
        let mut look = Look::default();
        look.parameters.insert(east.clone(), value(east, 1));
        look.parameters.insert(west.clone(), value(west, 2));
        let checks = agreement(&settings, &look);
        assert_eq!((checks.len(), checks[0].verdict, checks[0].region.as_ref()), (1, Verdict::Fail, Some(east)));
        assert!(checks[0].fix.as_ref().expect("a fix").contains("--region us-east-1") && checks[0].seen.contains("us-west-2"));
        look.parameters.insert(east.clone(), value(west, 1));
        assert_eq!(agreement(&settings, &look)[0].verdict, Verdict::Ok);
        assert_eq!(agreement(&settings, &Look::default())[0].verdict, Verdict::Fail);
    }
}
