//! Whether figures are within limits.

use super::catalog::Drill;
use super::figures::{Figures, HostFigures};
use super::limits::{Count, Hosts, Routes};
use super::timeline::Timeline;
use crate::trial::check::Check;

struct Judge<'a> {
    drill: &'a Drill,
    figures: &'a Figures,
    timeline: Timeline,
    checks: Vec<Check>,
}

/// Holds figures against a drill's limits. `shows_warnings`: the page's answers tell what PHP warned of (WordPress's go to the log alone).
pub fn judge(drill: &Drill, figures: &Figures, timeline: Timeline, workers: u64, shows_warnings: bool) -> Vec<Check> {
    let mut judge = Judge { drill, figures, timeline, checks: Vec::new() };
    let limits = &drill.limits;
    judge.count("failed requests", limits.failed, figures.requests.failed);
    if let Some(each) = limits.slow_per_worker {
        judge.count("slow requests (over 1 s)", Count::AtMost(each * workers), figures.requests.slow);
    }
    judge.routes();
    if let Some(most) = limits.changes_per_minute {
        let measured = figures.hosts.iter().map(|host| host.changes_per_minute).max().unwrap_or(0);
        judge.add("changes of a host's route in a minute", format!("{most}"), measured.to_string(), Some(measured as f64 <= most));
    }
    judge.count("lost sessions", limits.lost, figures.lost);
    judge.count("stale sessions", limits.stale, figures.stale);
    if [limits.lost, limits.stale].contains(&Count::WithinLag) {
        judge.count("missing changes from outside the lag", Count::AtMost(0), figures.missing_outside_lag);
    }
    if let Some(text) = limits.warning.filter(|_| shows_warnings) {
        judge.warnings(text);
    }
    judge.count("sessions unreadable in the final check", Count::AtMost(0), figures.final_check.failed);
    judge.count("items that differ between Regions at the end", Count::AtMost(0), figures.final_check.differing_items);
    judge.checks
}

impl Judge<'_> {
    fn add(&mut self, what: impl Into<String>, limit: String, measured: String, met: Option<bool>) {
        self.checks.push(Check { what: what.into(), limit, measured, met });
    }

    fn count(&mut self, what: &str, limit: Count, measured: u64) {
        let most = match limit {
            Count::AtMost(most) => Some(most),
            Count::Killed => Some(self.figures.killed_at_work),
            Count::WithinLag => Some(self.figures.stored_within_lag),
            Count::Any => None,
        };
        let text = match (limit, most) {
            (Count::AtMost(_), _) | (_, None) => limit.to_string(),
            (_, Some(most)) => format!("{most} ({limit})"),
        };
        self.add(what, text, measured.to_string(), Some(most.is_none_or(|most| measured <= most)));
    }

    fn routes(&mut self) {
        let figures = self.figures;
        let active = figures.hosts[0].region.as_str();
        for host in &figures.hosts {
            match self.drill.limits.routes {
                Routes::Any => {}
                Routes::Stay => self.stays(host),
                Routes::Bridge { hosts: Hosts::Outside, .. } if host.region == active => self.stays(host),
                Routes::Bridge { away_s, back_s, .. } => {
                    self.within(host, "bridge", away_s, host.away_ms, Some(false));
                    self.within(host, "way back", back_s, host.back_ms, self.never(self.timeline.healed_ms, back_s));
                }
                Routes::Leave { away_s } => {
                    self.within(host, "bridge", away_s, host.away_ms, Some(false));
                    self.stays_away(host, active);
                }
                Routes::Follow { within_s } => {
                    self.within(host, "switch", within_s, host.away_ms, self.never(self.timeline.fault_ms, within_s));
                    self.within(host, "switch back", within_s, host.back_ms, self.never(self.timeline.healed_ms, within_s));
                }
            }
        }
    }

    fn stays(&mut self, host: &HostFigures) {
        let met = host.route_changes == 0;
        self.add(format!("changes of the route, host in {}", host.region), "0".into(), host.route_changes.to_string(), Some(met));
    }

    /// The route at the end, and never the active Region again after the host had followed the parameter away from it.
    fn stays_away(&mut self, host: &HostFigures, active: &str) {
        let stayed = host.route_at_end != active && host.active_at_end != active;
        let measured = format!("{}, active {}", host.route_at_end, host.active_at_end);
        // The parameter is followed within two poll intervals.
        let met = if stayed { Some(true) } else { self.never(self.timeline.fault_ms / 2 + self.timeline.healed_ms, 10.0) };
        self.add(format!("route and active Region at the end, host in {}", host.region), format!("not {active}"), measured, met);
    }

    /// The verdict on what did not happen in a phase: nothing when the phase was shorter than the limit.
    fn never(&self, phase_ms: u64, limit_s: f64) -> Option<bool> {
        ((phase_ms as f64) >= limit_s * 1000.0).then_some(false)
    }

    /// `never` is the verdict when it did not happen.
    fn within(&mut self, host: &HostFigures, what: &str, limit_s: f64, measured: Option<u64>, never: Option<bool>) {
        let met = measured.map_or(never, |ms| Some(ms as f64 <= limit_s * 1000.0));
        let text = measured.map_or_else(|| "never".into(), |ms| format!("{:.1} s", ms as f64 / 1000.0));
        self.add(format!("time of the {what}, host in {}", host.region), format!("{limit_s} s"), text, met);
    }

    fn warnings(&mut self, text: &str) {
        let (saying, all) = self.figures.causes.iter().fold((0, 0), |(saying, all), (cause, times)| {
            let says = if cause.contains(text) { *times } else { 0 };
            (saying + says, all + times)
        });
        let measured = format!("{saying} of {all}");
        self.add(format!("failed requests whose warning says \"{text}\""), "all".into(), measured, Some(all > 0 && saying == all));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::catalog::find;

    const FULL: Timeline = Timeline::of(10, 20, 20);
    const QUICK: Timeline = Timeline::of(4, 6, 8);

    /// Two hosts that bridged in time and came back.
    fn bridged() -> Figures {
        let host = |region: &str| HostFigures {
            region: region.into(),
            away_ms: Some(800),
            back_ms: Some(5_000),
            route_changes: 2,
            route_at_end: "east".into(),
            active_at_end: "east".into(),
            ..HostFigures::default()
        };
        Figures { hosts: vec![host("east"), host("west")], ..Figures::default() }
    }

    fn missed(drill: &str, figures: &Figures, timeline: Timeline) -> Vec<String> {
        let checks = judge(find(drill).unwrap(), figures, timeline, 24, true);
        checks.into_iter().filter(|check| check.met == Some(false)).map(|check| check.what).collect()
    }

    #[test]
    fn a_bridge_in_time_meets_the_limits() {
        assert!(missed("blackhole", &bridged(), FULL).is_empty());
    }

    #[test]
    fn each_limit_can_be_missed() {
        type Spoil = fn(&mut Figures);
        let cases: [(&str, Spoil, &str); 11] = [
            ("blackhole", |f| f.requests.failed = 1, "failed requests"),
            ("blackhole", |f| f.requests.slow = 25, "slow requests (over 1 s)"),
            ("blackhole", |f| f.hosts[1].away_ms = Some(2_001), "time of the bridge, host in west"),
            ("blackhole", |f| f.hosts[0].back_ms = None, "time of the way back, host in east"),
            ("blackhole", |f| f.lost = 1, "lost sessions"),
            ("blackhole", |f| f.stale = 1, "stale sessions"),
            ("blackhole", |f| f.final_check.failed = 1, "sessions unreadable in the final check"),
            ("blackhole", |f| f.final_check.differing_items = 1, "items that differ between Regions at the end"),
            ("flapping", |f| f.hosts[0].changes_per_minute = 7, "changes of a host's route in a minute"),
            ("partition", |_| {}, "changes of the route, host in east"),
            ("loss", |f| f.missing_outside_lag = 1, "missing changes from outside the lag"),
        ];
        for (drill, spoil, what) in cases {
            let mut figures = bridged();
            spoil(&mut figures);
            assert_eq!(missed(drill, &figures, FULL), [what], "{drill}");
        }
    }

    #[test]
    fn what_was_written_within_the_lag_may_be_lost_or_stale() {
        let mut figures = Figures { stored_within_lag: 3, lost: 3, stale: 3, ..bridged() };
        assert!(missed("loss", &figures, FULL).is_empty());
        figures.stale = 4;
        assert_eq!(missed("loss", &figures, FULL), ["stale sessions"]);
    }

    #[test]
    fn a_killed_worker_takes_its_request_along() {
        let mut figures = bridged();
        (figures.killed_at_work, figures.requests.failed) = (2, 2);
        assert!(missed("worker-killed", &figures, FULL).is_empty());
        figures.requests.failed = 3;
        assert_eq!(missed("worker-killed", &figures, FULL), ["failed requests"]);
    }

    #[test]
    fn warnings_must_be_there_and_say_it() {
        let quiet = |causes: Vec<(String, u64)>| {
            let mut figures = Figures { causes, ..bridged() };
            figures.hosts.iter_mut().for_each(|host| host.route_changes = 0);
            missed("denied", &figures, FULL)
        };
        let what = "failed requests whose warning says \"IAM policy\"";
        assert_eq!(quiet(vec![]), [what]);
        assert_eq!(quiet(vec![("allow it in the IAM policy".into(), 5), ("no answer".into(), 1)]), [what]);
        assert!(quiet(vec![("allow it in the IAM policy".into(), 5)]).is_empty());
        let checks = judge(find("denied").unwrap(), &bridged(), FULL, 24, false);
        assert!(!checks.iter().any(|check| check.what == what), "a page that shows visitors no warnings is not asked for any");
    }

    #[test]
    fn a_short_drill_does_not_judge_a_long_way_back() {
        let mut figures = bridged();
        figures.hosts[0].back_ms = None;
        let checks = judge(find("blackhole").unwrap(), &figures, QUICK, 24, true);
        let back = checks.iter().find(|check| check.what == "time of the way back, host in east").unwrap();
        assert_eq!(back.met, None);
        assert!(crate::trial::check::all_met(&checks));
    }

    #[test]
    fn who_left_with_the_parameter_must_not_return() {
        let mut figures = bridged();
        let what = "route and active Region at the end, host in east";
        assert!(missed("ssm-returns", &figures, FULL).contains(&what.to_owned()));
        for host in &mut figures.hosts {
            (host.route_at_end, host.active_at_end) = ("west".into(), "west".into());
        }
        assert!(missed("ssm-returns", &figures, FULL).is_empty());
    }
}
