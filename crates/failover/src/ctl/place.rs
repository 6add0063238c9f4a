//! Settings from flags and environment; which Region's control table answers.

use wp_dynamodb_core::Region;

use super::Usage;
use super::args::Common;
use crate::answer::Line;
use crate::aws::Aws;
use crate::aws::ledger::Ledger;
use crate::decide::policy::Policy;
use crate::settings::Settings;

/// The settings as seen from `home`.
pub(crate) fn settings(common: &Common, home: &str) -> anyhow::Result<Settings> {
    let get = |name: &str| match name {
        "AWS_REGION" => Some(home.to_owned()),
        "WP_DYNAMODB_REGIONS" => Some(common.regions.clone()),
        "WP_DYNAMODB_REGION_PARAMETER" => Some(common.parameter.clone()),
        "WP_DYNAMODB_TABLE" => Some(common.table.clone()),
        "WP_DYNAMODB_SESSION_HASH_KEY" => Some(common.hash_key.clone()),
        "WP_DYNAMODB_SESSION_EXPIRES_ATTRIBUTE" => Some(common.expires.clone()),
        "WP_DYNAMODB_CONTROL_TABLE" => Some(common.control_table.clone()),
        "WP_DYNAMODB_HEALTH_URLS" => Some(common.health_urls.clone()),
        "WP_DYNAMODB_ALARMS" => Some(common.alarms.clone()),
        "WP_DYNAMODB_ENDPOINTS" => Some(common.endpoints.clone()),
        "WP_DYNAMODB_SSM_ENDPOINTS" => Some(common.ssm_endpoints.clone()),
        // A person who looks needs no quorum to be reachable; it is set below, from what can be seen.
        "WP_DYNAMODB_QUORUM" => Some("1".to_owned()),
        name => std::env::var(name).ok(),
    };
    let settings = Settings::read(get).map_err(|wrong| Usage(named_as_flags(&wrong)))?;
    let two_witnesses = |region: &Region| settings.health_urls.contains_key(region) || settings.alarms.values().any(|r| r == region);
    let quorum = if settings.policy.regions.iter().all(two_witnesses) { 2 } else { 1 };
    Ok(Settings { person: true, policy: Policy { quorum, ..settings.policy.clone() }, ..settings })
}

/// People who type flags look for flags.
fn named_as_flags(wrong: &str) -> String {
    let flags = [
        ("AWS_REGION", "--home"),
        ("WP_DYNAMODB_REGIONS", "--regions"),
        ("WP_DYNAMODB_HEALTH_URLS", "--health-urls"),
        ("WP_DYNAMODB_ALARMS", "--alarms"),
        ("WP_DYNAMODB_ENDPOINTS", "--endpoints"),
        ("WP_DYNAMODB_SSM_ENDPOINTS", "--ssm-endpoints"),
    ];
    flags.iter().fold(wrong.to_owned(), |text, (name, flag)| text.replace(name, flag))
}

/// The settings as seen from `--home`, else from the first of the Regions: for what asks all of them alike.
pub(crate) fn at_first(common: &Common) -> anyhow::Result<Settings> {
    let first = common.regions.split(',').next().unwrap_or_default().trim();
    settings(common, common.home.as_deref().unwrap_or(first))
}

/// The settings as seen from the Region that is to be asked first: `--home`, else the Region to go to, else the first whose control
/// table answers; if none does, the first of these.
pub(crate) async fn find(common: &Common, to: Option<&str>) -> anyhow::Result<Settings> {
    if let Some(home) = &common.home {
        return settings(common, home);
    }
    let first = common.regions.split(',').next().unwrap_or_default().trim();
    let known = settings(common, first)?.policy.regions;
    let to = to.and_then(|to| known.iter().find(|r| r.as_str() == to));
    // `AWS_REGION` of the shell comes before the rest: a person on a host of one Region means that one.
    let here = std::env::var("AWS_REGION").ok().and_then(|name| known.iter().find(|r| r.as_str() == name));
    let mut candidates: Vec<&Region> = Vec::new();
    for region in to.into_iter().chain(here).chain(&known) {
        if !candidates.contains(&region) {
            candidates.push(region);
        }
    }
    for region in &candidates {
        let found = settings(common, region.as_str())?;
        let aws = Aws::new(&found, silent).await;
        let ledger: Ledger<'_> = aws.ledger();
        if ledger.mode().await.is_ok() {
            return settings(common, region.as_str());
        }
    }
    settings(common, candidates.first().map_or(first, |r| r.as_str()))
}

/// The log lines of the Lambda; a person gets the answer instead.
pub(crate) fn silent(_: &Line) {}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::ctl::args::Args;

    fn quorum(flags: &[&str]) -> usize {
        let args = Args::parse_from(["wp-dynamodb-ctl"].iter().chain(flags).chain(&["status"]));
        settings(&args.common, "us-east-1").expect("good settings").policy.quorum
    }

    #[test]
    fn what_is_good_for_a_controller_is_good_for_a_person() {
        let arn = |name: &str| format!("us-east-1=arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}");
        assert_eq!(quorum(&[]), 1);
        // Two alarms of one Region, as a controller of the other one may have them.
        assert_eq!(quorum(&["--alarms", &format!("{},{}", arn("a"), arn("b"))]), 1);
        assert_eq!(quorum(&["--health-urls", "us-east-1=https://e.example/healthz,"]), 1);
        assert_eq!(quorum(&["--health-urls", "us-east-1=https://e.example/healthz,us-west-2=https://w.example/healthz"]), 2);
    }
}
