//! Whether it was good enough.

use super::figures::Figures;
use super::scenario::{Design, Loss, Scenario};
use crate::trial::check::Check;

/// From the first failed canary to the parameter, in seconds.
const DECISION_S: f64 = 60.0;
/// The same when DynamoDB is well: the second signal against the Region is the alarm. In the plans its minute ends 135 s after the loss, for
/// health checks need 85 to 95 s. Three looks of 12 s (10, and 2 for a site that is silent) make 36 s at most: the alarm's own and those of
/// the ticks beside it, between which there may be as long. The rest is what programs compute, scale times.
const DECISION_BY_ALARM_S: f64 = 180.0;
/// From the parameter to the hosts.
const WORKERS_S: f64 = 10.0;
/// From the loss to the last visitor sent to the lost Region.
const DNS_S: f64 = 180.0;
/// From the return to equal parameters: a tick of the returned Region's controller, or of the standby's.
const REPAIR_S: f64 = 70.0;
/// From an order to the parameter: a failback waits for replication first.
const FAILBACK_S: f64 = 60.0;

/// The limits of a scenario; the recipe has none, for nobody promised anything.
pub fn judge(scenario: &Scenario, figures: &Figures) -> Vec<Check> {
    if scenario.design == Design::Recipe {
        return Vec::new();
    }
    let decision_s = if scenario.loss == Loss::Site { DECISION_BY_ALARM_S } else { DECISION_S };
    let mut checks = vec![
        seconds("first failed canary → parameter in the standby", decision_s, figures.decision_s),
        seconds("parameter → hosts of the standby (not compressed)", WORKERS_S, figures.workers_s),
        seconds("loss → the last visitor is sent to the lost Region (DNS)", DNS_S, figures.visitors_moved_s),
        count("requests failed in the standby while the Region is lost", 0, figures.failed_in_standby),
        Check {
            what: "requests that succeed in the last minute of the loss".into(),
            limit: "all".into(),
            measured: format!("{:.1} %", figures.good_at_the_end * 100.0),
            met: Some(figures.good_at_the_end >= 1.0),
        },
        count("automatic switches", 1, figures.switches as u64),
        seconds("return → all parameters agree", REPAIR_S, figures.repaired_s),
        count("requests failed after the return", 0, figures.failed_after_return),
        count("lost or older sessions that the replication lag at the loss does not explain", 0, figures.wrong_beyond_lag),
        count("items that the Regions do not agree on at the end", 0, figures.differing_items),
        count("events that the standby's controller could not deal with", 0, figures.dead_letters_standby as u64),
    ];
    if scenario.plan.failback_s.is_some() {
        checks.push(seconds("order of the failback → all parameters agree", FAILBACK_S, figures.failback_s));
    }
    if scenario.loss == Loss::Dynamodb {
        // Hosts bridge by themselves, whoever decides what.
        checks.push(count("requests failed while DynamoDB was lost", 0, figures.failed));
    }
    checks
}

fn seconds(what: &str, limit: f64, measured: Option<f64>) -> Check {
    Check {
        what: what.into(),
        limit: format!("{limit:.0} s"),
        measured: measured.map_or_else(|| "never".into(), |s| format!("{s:.1} s")),
        met: Some(measured.is_some_and(|s| s <= limit)),
    }
}

fn count(what: &str, limit: u64, measured: u64) -> Check {
    Check { what: what.into(), limit: limit.to_string(), measured: measured.to_string(), met: Some(measured <= limit) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::scenario::Plan;
    use super::*;

    fn good() -> Figures {
        Figures {
            canary_s: Some(20.0),
            decision_s: Some(25.0),
            parameter_s: Some(45.0),
            workers_s: Some(4.0),
            dns_s: Some(100.0),
            visitors_moved_s: Some(155.0),
            bridged_s: BTreeMap::new(),
            repaired_s: Some(30.0),
            failback_s: Some(10.0),
            visitors_back_s: Some(150.0),
            requests: 1000,
            failed: 300,
            wrong: 3,
            wrong_beyond_lag: 0,
            failed_in_standby: 0,
            failed_after_return: 0,
            outage_s: Some(160.0),
            good_at_the_end: 1.0,
            causes: BTreeMap::new(),
            switches: 1,
            cold_starts_ms: vec![12.0],
            warm_tick_ms: Some(10.0),
            dead_letters: BTreeMap::new(),
            dead_letters_standby: 0,
            differing_items: 0,
        }
    }

    fn scenario(design: Design, loss: Loss) -> Scenario {
        Scenario { design, loss, plan: Plan::whole(true) }
    }

    fn missed(figures: &Figures, loss: Loss) -> usize {
        judge(&scenario(Design::Ours, loss), figures).iter().filter(|check| check.is_missed()).count()
    }

    #[test]
    fn the_documented_limits_are_these() {
        let document = include_str!("../../../../docs/rehearsal.md");
        let checks = [Loss::Region, Loss::Dynamodb].map(|loss| judge(&scenario(Design::Ours, loss), &good())).concat();
        for check in checks {
            let row = format!("| {} | {} |", check.what, check.limit);
            assert!(document.contains(&row), "docs/rehearsal.md has no row {row}");
        }
        let by_alarm = format!("{DECISION_BY_ALARM_S:.0} s |");
        assert!(document.lines().any(|row| row.contains("only the web tier lost") && row.ends_with(&by_alarm)), "{by_alarm}");
    }

    #[test]
    fn each_limit_can_be_missed() {
        assert_eq!(missed(&good(), Loss::Region), 0);
        let worse: [fn(&mut Figures); 14] = [
            |f| f.decision_s = Some(60.1),
            |f| f.decision_s = None,
            |f| f.workers_s = Some(10.1),
            |f| f.visitors_moved_s = Some(181.0),
            |f| f.visitors_moved_s = None,
            |f| f.failed_in_standby = 1,
            |f| f.good_at_the_end = 0.99,
            |f| f.switches = 2,
            |f| f.repaired_s = None,
            |f| f.failed_after_return = 1,
            |f| f.differing_items = 1,
            |f| f.dead_letters_standby = 1,
            |f| f.wrong_beyond_lag = 1,
            |f| f.failback_s = None,
        ];
        for (index, worsen) in worse.iter().enumerate() {
            let mut figures = good();
            worsen(&mut figures);
            assert_eq!(missed(&figures, Loss::Region), 1, "{index}");
        }
        assert_eq!(missed(&good(), Loss::Dynamodb), 1, "a host that bridges fails no request");
        let by_alarm = |s| missed(&Figures { decision_s: Some(s), ..good() }, Loss::Site);
        assert_eq!((by_alarm(180.0), by_alarm(180.1)), (0, 1));
        assert!(judge(&scenario(Design::Recipe, Loss::Region), &good()).is_empty());
    }
}
