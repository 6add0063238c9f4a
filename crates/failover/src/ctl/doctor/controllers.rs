//! The controllers: whether each one looks, and may do what it must; who decides, and whether a quorum is left when a Region is away.

use wp_dynamodb_core::Region;

use super::check::{Check, Subject};
use super::place::Account;
use super::rights;
use crate::aws::ledger::Ledger;
use crate::ctl::show;
use crate::memory::{Mode, Way};
use crate::settings::Settings;

/// A controller that has not looked for so long is not there: ticks come each minute.
const LATE_MS: u64 = 300_000;

/// Asks one Region's control table for what its controller remembers and has found of its rights, and for what people have set, if it
/// answers.
pub(super) async fn look(ledger: Ledger<'_>, account: &Account, now_ms: u64) -> (Vec<Check>, Option<Option<Mode>>) {
    let region = ledger.home;
    let subject = Subject::new("controller", Some(region));
    let held = match ledger.recall(now_ms).await {
        Ok(held) => held,
        Err(why) => return (vec![subject.skipped(format!("what it remembers cannot be read: {why}"))], None),
    };
    let mut checks = vec![alive(&subject, held.memory.looked_ms, now_ms, region)];
    // Of one that is not there nothing is expected.
    if held.memory.looked_ms > 0 {
        match ledger.rights().await {
            Ok(found) => checks.extend(rights::of_controller(found.as_ref(), region, account, now_ms)),
            Err(why) => checks.push(Subject::new("the controller's rights", Some(region)).skipped(why)),
        }
    }
    (checks, Some(held.mode))
}

/// `looked_ms`: 0 also where only people's orders have been kept.
fn alive(subject: &Subject, looked_ms: u64, now_ms: u64, region: &Region) -> Check {
    let fix = format!(
        "aws lambda list-functions --region {region} --query \"Functions[?contains(FunctionName,'failover')]\"; aws scheduler list-schedules --region {region}; \
         aws logs tail --region {region} --since 15m /aws/lambda/<function>; none there: infra/region.yaml"
    );
    if looked_ms == 0 {
        // Sites that switch by hand have none.
        return subject.warn("none has ever looked: nothing moves the active Region to this one by itself", fix);
    }
    let ago = now_ms.saturating_sub(looked_ms);
    if ago > LATE_MS {
        return subject.fail(format!("it looked last at {}, {} s ago", show::moment(looked_ms), ago / 1000), fix);
    }
    subject.ok(format!("it looked {} s ago", ago / 1000))
}

/// Who decides, as people have set it: the newest word in the Regions that have answered.
pub(super) fn mode(modes: &[Option<Mode>]) -> Check {
    let subject = Subject::new("who decides", None);
    if modes.is_empty() {
        return subject.skipped("no control table can be read");
    }
    match modes.iter().flatten().max_by_key(|m| m.at_ms) {
        None => subject.ok("the controllers, as their settings say"),
        Some(mode) if mode.way == Way::Auto => {
            subject.ok("the controllers, whatever their settings say (wp-dynamodb-ctl mode default: as they say)")
        }
        Some(mode) if mode.way == Way::Default => subject.ok("the controllers, as their settings say"),
        Some(mode) => {
            let (word, command) = match mode.way {
                Way::Pinned => ("pinned", "wp-dynamodb-ctl unpin"),
                _ => ("manual", "wp-dynamodb-ctl mode auto"),
            };
            subject.warn(format!("{word} since {} by {}: {}", show::moment(mode.at_ms), mode.by, mode.why), command)
        }
    }
}

/// Whether enough can be seen of `region` when everything in it is away, alarms that live there included.
pub(super) fn quorum(settings: &Settings, region: &Region, wanted: usize) -> Check {
    let subject = Subject::new("quorum", Some(region));
    let place = |arn: &str| arn.split(':').nth(3).unwrap_or_default().to_owned();
    let alarms: Vec<&String> = settings.alarms.iter().filter(|(_, of)| *of == region).map(|(arn, _)| arn).collect();
    let far = alarms.iter().any(|arn| place(arn) != region.as_str());
    let site = settings.health_urls.contains_key(region);
    let sees = 1 + usize::from(site) + usize::from(far);
    let mut names = vec!["DynamoDB"];
    names.extend(site.then_some("site"));
    names.extend(far.then_some("alarm"));
    let mut seen = format!("when {region} is away, {} can be seen to fail", names.join(", "));
    if !alarms.is_empty() && !far {
        seen.push_str("; its alarm is in the same Region and goes with it");
    }
    if sees >= wanted {
        return subject.ok(seen);
    }
    let fix = format!(
        "--health-urls {region}=https://{region}.origin.example.com/healthz?level=region, and for the Lambda WP_DYNAMODB_HEALTH_URLS"
    );
    subject.fail(format!("{seen}: {sees} of the {wanted} that a loss takes"), fix)
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::ctl::doctor::tests::settings;

    #[test]
    fn a_controller_must_have_looked_lately() {
        let region = Region::parse("us-west-2").expect("a Region");
        let judge = |looked| alive(&Subject::new("c", None), looked, 1_000_000, &region).verdict;
        assert_eq!(judge(0), Verdict::Warn);
        assert_eq!(judge(950_000), Verdict::Ok);
        assert_eq!(judge(600_000), Verdict::Fail);
    }

    #[test]
    fn a_pin_is_a_warning_with_its_end() {
        let held = |way, at_ms| Some(Mode { way, by: "jo".into(), why: "work".into(), at_ms, before: None });
        assert_eq!(mode(&[]).verdict, Verdict::Skipped);
        assert_eq!(mode(&[None, None]).verdict, Verdict::Ok);
        assert_eq!(mode(&[held(Way::Auto, 2), held(Way::Pinned, 1)]).verdict, Verdict::Ok);
        let pinned = mode(&[None, held(Way::Auto, 1), held(Way::Pinned, 2)]);
        assert_eq!((pinned.verdict, pinned.fix.as_deref()), (Verdict::Warn, Some("wp-dynamodb-ctl unpin")));
    }

    #[test]
    fn an_alarm_in_the_lost_region_is_no_witness() {
        let mut settings = settings();
        let [east, west] = [settings.policy.regions[0].clone(), settings.policy.regions[1].clone()];
        assert_eq!(quorum(&settings, &east, 2).verdict, Verdict::Ok);
        settings.health_urls.clear();
        for region in [&east, &west] {
            settings.alarms.insert(format!("arn:aws:cloudwatch:us-east-1:111122223333:alarm:{region}"), region.clone());
        }
        let lost = quorum(&settings, &east, 2);
        assert_eq!(lost.verdict, Verdict::Fail);
        assert!(lost.seen.contains("goes with it"), "{}", lost.seen);
        assert_eq!(quorum(&settings, &west, 2).verdict, Verdict::Ok);
    }
}
