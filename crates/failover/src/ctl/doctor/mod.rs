//! `doctor`: looks at everything that a failover needs, and says what puts right what is wrong.
//!
//! ```text
//! check         one check: verdict, what was seen, the fix; deadlines
//! place         ARNs for fixes; what is an emulator
//! table         session and control table in each Region
//! parameter     the parameter in each Region, and whether all agree
//! alarm         which value fires an alarm
//! health_check  the health check behind it
//! site          the public health checks
//! rights        what whoever runs this, and each controller, is allowed to do
//! controllers   whether they look, who decides, and whether a quorum is left
//! clock         this host's clock
//! ```
//!
//! Nothing is changed, but for the canaries that every look writes.

mod alarm;
mod check;
mod clock;
mod controllers;
mod health_check;
mod parameter;
mod place;
mod rights;
mod site;
mod table;

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use wp_dynamodb_core::aws::{endpoint, translate};
use wp_dynamodb_core::{Kind, Region};

use super::args::Common;
use super::tables::Wanted;
use super::{End, show};
use crate::aws::Aws;
use crate::memory::Mode;
use crate::settings::Settings;
use crate::signal::{Look, Reading};
use crate::world::World;
use check::{Check, Subject, Verdict};
use place::Account;

/// Ill: a check has failed.
pub(crate) async fn run(common: &Common) -> anyhow::Result<End> {
    let settings = super::place::at_first(common)?;
    let aws = Aws::new(&settings, super::place::silent).await;
    let checks = Doctor { settings: &settings, aws: &aws }.look().await;
    let worst = checks.iter().map(|c| c.verdict).max().unwrap_or(Verdict::Ok);
    if common.json {
        println!("{}", serde_json::to_string_pretty(&serde_json::json!({"verdict": worst, "checks": checks}))?);
    } else {
        tell(&checks);
    }
    Ok(if worst == Verdict::Fail { End::Ill } else { End::Well })
}

/// What it looks with.
struct Doctor<'a> {
    settings: &'a Settings,
    aws: &'a Aws<'a>,
}

impl Doctor<'_> {
    async fn look(&self) -> Vec<Check> {
        let regions = &self.settings.policy.regions;
        let (who, account) = self.credentials().await;
        let mut checks = vec![who];
        let Some(account) = account else {
            // Every call would say the same.
            checks.extend(join_all(regions.iter().map(|region| site::look(self.settings, region))).await.into_iter().flatten());
            checks.push(Subject::new("everything else", None).skipped("without credentials nothing of AWS can be seen"));
            return checks;
        };
        let (clock, places) = join(self.clock(), join_all(regions.iter().map(|region| self.region(region, &account)))).await;
        checks.push(clock);
        let mut look = Look::default();
        let mut modes = Vec::new();
        for (region, (found, parameter, held)) in regions.iter().zip(places) {
            checks.extend(found);
            look.parameters.insert(region.clone(), parameter);
            modes.extend(held);
        }
        checks.extend(self.rights(&look, &account).await);
        checks.extend(parameter::agreement(self.settings, &look));
        checks.push(controllers::mode(&modes));
        let wanted = std::env::var("WP_DYNAMODB_QUORUM").ok().and_then(|q| q.parse().ok()).unwrap_or(2);
        checks.extend(regions.iter().map(|region| controllers::quorum(self.settings, region, wanted)));
        checks.extend(self.alarms().await);
        checks
    }

    /// All that is in one Region.
    async fn region(&self, region: &Region, account: &Account) -> (Vec<Check>, Reading, Option<Option<Mode>>) {
        let (settings, clients) = (self.settings, self.aws.clients());
        let wanted = [
            Wanted::sessions(&settings.table.name, &settings.table.hash_key, &settings.table.expires),
            Wanted::control(&settings.control_table),
        ];
        let place = table::Place { region, regions: &settings.policy.regions, account, local: self.is_local(region) };
        let tables = join_all(wanted.iter().map(|wanted| async move {
            Subject::new(wanted.title, Some(region)).within(table::look(clients.dynamodb(region), wanted, place)).await
        }));
        let parameter = async {
            let look = parameter::look(clients.ssm(region), settings, region, account);
            tokio::time::timeout(check::LIMIT, look).await.unwrap_or_else(|_| {
                let seen = format!("no answer of SSM within {} s", check::LIMIT.as_secs());
                (vec![Subject::new("parameter", Some(region)).fail(seen.clone(), "try again")], Reading::Failed(seen))
            })
        };
        let site = site::look(settings, region);
        let controller = controllers::look(self.aws.ledger_in(region), account, self.aws.now_ms());
        let (((tables, (parameter, reading)), site), (controller, mode)) = join(join(join(tables, parameter), site), controller).await;
        let checks = tables.into_iter().flatten().chain(parameter).chain(site).chain(controller).collect();
        (checks, reading, mode)
    }

    /// What whoever runs this may do, in every Region. Only after all parameters are known.
    async fn rights(&self, look: &Look, account: &Account) -> Vec<Check> {
        let (settings, clients) = (self.settings, self.aws.clients());
        let holders = &look.holders(&settings.policy.regions);
        let tries = settings.policy.regions.iter().map(|region| async move {
            let value = holders.get(region).map(String::as_str);
            Subject::new("rights", Some(region)).within(rights::look(clients, settings, region, account, value)).await
        });
        join_all(tries).await.into_iter().flatten().collect()
    }

    /// The alarms that are believed, and the health checks behind them.
    async fn alarms(&self) -> Vec<Check> {
        let config = self.aws.clients().config();
        let route53 = aws_sdk_route53::config::Builder::from(config).region(aws_config::Region::new("us-east-1"));
        let route53 = &aws_sdk_route53::Client::from_conf(route53.build());
        let looks = self.settings.alarms.iter().map(|(arn, region)| async move {
            let place = arn.split(':').nth(3).unwrap_or_default().to_owned();
            let client = aws_sdk_cloudwatch::config::Builder::from(config).region(aws_config::Region::new(place));
            let client = aws_sdk_cloudwatch::Client::from_conf(client.build());
            let (mut checks, id) = alarm::look(&client, arn, region).await;
            if let Some(id) = id {
                checks.extend(health_check::look(route53, &id, self.settings, region).await);
            }
            checks
        });
        let subject = Subject::new("alarms", None);
        if self.settings.alarms.is_empty() {
            let why = "none given (--alarms): a third witness beside site and DynamoDB";
            return vec![subject.skipped(why)];
        }
        subject.within(async { join_all(looks).await.into_iter().flatten().collect() }).await
    }

    /// Whose credentials these are. No account: there are none, or AWS refuses them.
    async fn credentials(&self) -> (Check, Option<Account>) {
        let subject = Subject::new("credentials", None);
        let asks_emulator = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].iter().any(|name| std::env::var(name).is_ok());
        if self.settings.policy.regions.iter().all(|r| self.is_local(r)) && !asks_emulator {
            return (subject.skipped("the endpoints are an emulator's, which takes any"), Some(Account::default()));
        }
        let client = aws_sdk_sts::Client::new(self.aws.clients().config());
        match client.get_caller_identity().send().await.map_err(translate) {
            Ok(who) => (subject.ok(who.arn().unwrap_or("an answer without ARN")), Some(Account(who.account))),
            Err(error) => {
                let seen = format!("GetCallerIdentity: {}", error.cause);
                if matches!(error.kind, Kind::Config | Kind::Access) {
                    return (subject.fail(seen, "aws sso login, or AWS_PROFILE=…; then: aws sts get-caller-identity"), None);
                }
                let fix = format!("reach STS in {}, or take --home of another Region", self.settings.policy.home);
                (subject.fail(seen, fix), Some(Account::default()))
            }
        }
    }

    /// Of the first Region whose date can be had.
    async fn clock(&self) -> Check {
        let settings = self.settings;
        let looks = settings.policy.regions.iter().map(|region| async move {
            let url = endpoint("dynamodb", region, &settings.endpoints);
            clock::look(&url, settings.signal_timeout).await
        });
        let looked = join_all(looks).await;
        let seen = looked.iter().find(|c| c.verdict != Verdict::Skipped).or(looked.first());
        seen.cloned().unwrap_or_else(|| Subject::new("clock", None).skipped("no Region"))
    }

    fn is_local(&self, region: &Region) -> bool {
        self.settings.endpoints.get(region).is_some_and(|url| place::is_local(url))
    }
}

/// For people: all checks, then what is to be done.
fn tell(checks: &[Check]) {
    let mut table = show::table(&["", "Region", "check", "seen"]);
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for check in checks {
        *counts.entry(check.verdict).or_default() += 1;
        let region = check.region.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        table.add_row([check.verdict.to_string(), region, check.name.clone(), check.seen.clone()]);
    }
    println!("{table}\n");
    for check in checks.iter().filter(|c| c.verdict >= Verdict::Warn || c.verdict == Verdict::Skipped && c.fix.is_some()) {
        let place = check.region.as_ref().map_or_else(String::new, |r| format!(" in {r}"));
        println!("{} {}{place}: {}\n  fix: {}", check.verdict, check.name, check.seen, check.fix.as_deref().unwrap_or("-"));
    }
    let count = |verdict| counts.get(&verdict).copied().unwrap_or_default();
    println!(
        "{} ok, {} warnings, {} failed, {} skipped",
        count(Verdict::Ok),
        count(Verdict::Warn),
        count(Verdict::Fail),
        count(Verdict::Skipped)
    );
}

#[cfg(test)]
pub(in crate::ctl) mod tests {
    use super::*;

    /// Two Regions with sites.
    pub(in crate::ctl) fn settings() -> Settings {
        let get = |name: &str| {
            match name {
            "AWS_REGION" => Some("us-west-2".to_owned()),
            "WP_DYNAMODB_HEALTH_URLS" => Some(
                "us-east-1=https://us-east-1.origin.example.com/healthz?level=region,us-west-2=https://us-west-2.origin.example.com/healthz?level=region"
                    .to_owned(),
            ),
            _ => None,
        }
        };
        Settings::read(get).expect("good settings")
    }

    #[test]
    fn the_worst_check_decides() {
        assert!(Verdict::Fail > Verdict::Warn && Verdict::Warn > Verdict::Skipped && Verdict::Skipped > Verdict::Ok);
        assert_eq!(Verdict::Fail.to_string(), "FAIL");
    }
}
