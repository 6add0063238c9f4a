//! What the host knows of itself, for `wp_dynamodb_status()`, `/healthz` and phpinfo.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::aws;
use crate::config::{self, SETTINGS};
use crate::engine::Engine;
use crate::error::Kind;
use crate::metrics::{BreakerReport, Latency, Report};
use crate::region::breaker_cell::BreakerCell;
use crate::region::decide::Source;
use crate::region::decide::breaker::{Breaker, Phase};
use crate::region::decide::route::{Route, Why};
use crate::region::history::Minute;
use crate::region::host::minute;
use crate::region::shared::monotonic_ms;

/// The answer of `wp_dynamodb_status()`.
#[derive(Debug, Serialize)]
pub struct Status {
    /// Version of this software.
    pub version: &'static str,
    /// This process.
    pub pid: u32,
    /// The active Region.
    pub active: String,
    /// The Region this host uses now.
    pub route: String,
    /// Where the active Region is from.
    pub source: Source,
    /// Why the route is what it is, in one word.
    pub why: Why,
    /// The same for people.
    pub reason: String,
    /// The Region this host is in.
    pub home: String,
    /// The session table.
    pub table: String,
    /// The parameter.
    pub parameter: ParameterStatus,
    /// By Region, in the order of preference.
    #[serde(serialize_with = "as_map")]
    pub regions: Vec<(String, RegionStatus)>,
    /// Which Regions are asked and written beside the route, after a switch or a bridge.
    pub window: Option<WindowStatus>,
    /// Milliseconds since items of other tables (login sessions) cannot be used on this host; none: they can.
    pub items_failing_ms: Option<u64>,
    /// Milliseconds since the outage began that they met: no Region answers, or their table is throttled. One success does not end it.
    pub items_outage_ms: Option<u64>,
    /// Milliseconds since they are refused, until somebody puts rights, table or settings right.
    pub items_refused_ms: Option<u64>,
    /// The newest warnings about the Region, oldest first.
    pub warnings: Vec<String>,
}

/// What is known of the parameter.
#[derive(Debug, Serialize)]
pub struct ParameterStatus {
    /// Its name.
    pub name: String,
    /// Its value when it was last good: the active Region, perhaps with Regions to drain.
    pub value: Option<String>,
    /// When that value was written, in milliseconds since 1970.
    pub modified_ms: Option<u64>,
    /// Milliseconds since an SSM last answered.
    pub checked_age_ms: Option<u64>,
    /// The worker that polls.
    pub poller_pid: Option<u32>,
}

/// The switch window, while there is one.
#[derive(Debug, Serialize)]
pub struct WindowStatus {
    /// Milliseconds until it ends.
    pub left_ms: u64,
    /// The Regions in it.
    pub regions: Vec<String>,
}

/// A Region's breaker.
#[derive(Debug, Serialize)]
pub struct BreakerStatus {
    /// `closed`, `open` or `half_open`.
    pub state: Phase,
    /// Milliseconds since it opened or closed; none: it never has.
    pub since_ms: Option<u64>,
    /// How often it has opened.
    pub opened: usize,
    /// How long it stays open at least, in milliseconds; while it is open.
    pub hold_ms: Option<u64>,
    /// The failure that opened it last, or that of the last probe.
    pub cause: Option<String>,
}

/// What is known of a Region.
#[derive(Debug, Serialize)]
pub struct RegionStatus {
    /// DynamoDB's endpoint.
    pub endpoint: String,
    /// SSM's endpoint.
    pub ssm_endpoint: String,
    /// `ok`, `missing`, `bad`, `error` or `unknown`.
    pub parameter_state: &'static str,
    /// The parameter's value there.
    pub parameter_value: Option<String>,
    /// What is wrong with it.
    pub parameter_error: Option<String>,
    /// Whether it counts as lost.
    pub breaker: BreakerStatus,
    /// The parameter orders hosts in it to leave it.
    pub drained: bool,
    /// DynamoDB and SSM calls of this host.
    pub calls: u64,
    /// Those that failed.
    pub errors: u64,
    /// The last of them, until the host is reloaded.
    pub last_error: Option<LastError>,
    /// Latency of the answered DynamoDB calls.
    pub latency_ms: Latency,
    /// The last hour, minute by minute, oldest first.
    pub history: Vec<Minute>,
}

/// The last failed DynamoDB call of a host in a Region.
#[derive(Debug, Serialize)]
pub struct LastError {
    /// Which sort of error.
    pub kind: &'static str,
    /// What happened, and what to do.
    pub message: String,
    /// Milliseconds since then.
    pub age_ms: u64,
}

/// How often a health check looks whether another process's has been answered.
const HEALTH_LOOK: Duration = Duration::from_millis(5);

/// The answer of `wp_dynamodb_health()`.
#[derive(Debug, Serialize)]
pub struct Health {
    /// The session table in this host's own Region answers, and can be written if that was asked.
    pub ok: bool,
    /// The Region that was asked.
    pub region: String,
    /// The table that was asked for.
    pub table: String,
    /// How long it took.
    pub latency_ms: f64,
    /// What is wrong.
    pub error: Option<String>,
    /// Which sort of error.
    pub kind: Option<&'static str>,
}

/// One setting in `wp_dynamodb_config()`.
#[derive(Debug, Serialize)]
pub struct SettingStatus {
    /// Its value, passwords in URLs masked.
    pub value: String,
    /// Its default.
    pub default: &'static str,
    /// `default`, `ini` or `runtime`.
    pub source: &'static str,
    /// What is allowed.
    pub allowed: &'static str,
    /// What it is for.
    pub meaning: &'static str,
}

fn as_map<S: serde::Serializer>(pairs: &[(String, RegionStatus)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, status)| (name, status)))
}

impl Engine {
    /// What this host knows. Never waits.
    #[must_use]
    pub fn status(&self) -> Status {
        let settings = self.shared_settings();
        let slot = self.slot();
        let now = monotonic_ms();
        if settings.pin.is_some() {
            // Nobody polls there.
            self.host().turn();
        }
        let state = slot.state();
        let (active, source) = self.active();
        let (view, route) = (self.host().view(), self.host().route());
        let window = self.host().beside(route.region, &view);
        let window = (!window.is_empty()).then(|| WindowStatus {
            left_ms: slot.window().until_ms.saturating_sub(now),
            regions: window.iter().map(|region| self.host().name(region).to_string()).collect(),
        });
        let regions = settings.regions.iter().enumerate().map(|(index, region)| {
            let cell = slot.region(index);
            let (parameter, value, error) = cell.read();
            let report = cell.metrics.read();
            let present = |text: String| (!text.is_empty()).then_some(text);
            let status = RegionStatus {
                endpoint: self.endpoint(region),
                ssm_endpoint: aws::endpoint("ssm", region, &settings.ssm_endpoints),
                parameter_state: parameter.name(),
                parameter_value: present(value),
                parameter_error: present(error),
                breaker: breaker(&cell.breaker, now),
                drained: view.drained.has(index),
                calls: report.calls.iter().map(|(_, n)| n).sum(),
                errors: report.errors.iter().map(|(_, n)| n).sum(),
                last_error: cell.failure.read().map(|f| LastError {
                    kind: f.kind.name(),
                    message: f.message,
                    age_ms: now.saturating_sub(f.at_ms),
                }),
                latency_ms: report.latency_ms,
                history: cell.history.read(&cell.metrics, minute()),
            };
            (region.to_string(), status)
        });
        Status {
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            route: self.host().name(route.region).to_string(),
            active: active.to_string(),
            source,
            why: route.why,
            reason: self.reason(route, source),
            home: self.home().to_string(),
            table: settings.table.clone(),
            parameter: ParameterStatus {
                name: settings.parameter.clone(),
                value: state.adopted.map(|a| self.host().order(a.region, a.drained)),
                modified_ms: state.adopted.map(|a| a.modified_ms),
                checked_age_ms: (state.checked_ms > 0).then(|| now.saturating_sub(state.checked_ms)),
                poller_pid: slot.poller(now),
            },
            regions: regions.collect(),
            window,
            items_failing_ms: slot.items.failing_since(now).map(|since| now.saturating_sub(since)),
            items_outage_ms: slot.items.outage_since(now).map(|since| now.saturating_sub(since)),
            items_refused_ms: slot.items.refused_since(now).map(|since| now.saturating_sub(since)),
            warnings: slot
                .notices
                .recent()
                .iter()
                .filter_map(|n| n.strip_prefix("warning: ").or_else(|| n.strip_prefix("error: ")).map(str::to_owned))
                .collect(),
        }
    }

    fn reason(&self, route: Route, source: Source) -> String {
        let preferred = self.host().name(route.preferred);
        let cause = || self.slot().region(route.preferred).breaker.history().1.unwrap_or_default();
        match route.why {
            Why::Active => source.reason().to_owned(),
            Why::Home => "the Region of this host (wp_dynamodb.routing is local)".to_owned(),
            Why::Evacuated => "the active Region: the parameter drains the Region of this host".to_owned(),
            Why::Bridged => format!("{preferred} is lost: {}", cause()),
            Why::NoneHealthy => format!("no Region answers; {preferred}: {}", cause()),
        }
    }

    /// Whether the session table in this host's own Region answers within `deadline`; with `write` also whether it can be written.
    /// Throttled is an answer: another Region would not make the traffic less. However many ask, DynamoDB is asked once a second: the
    /// others take the answer, or wait for it.
    #[must_use]
    pub fn health(&self, deadline: Duration, write: bool) -> Health {
        let (began, cell) = (std::time::Instant::now(), &self.slot().health[usize::from(write)]);
        let until = monotonic_ms() + u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX / 2);
        let (took, error, message) = loop {
            let now = monotonic_ms();
            if let Some(known) = cell.fresh(now) {
                // The Region's last failure is another call's when its kind is another one.
                let failure = self.slot().region(self.home_index()).failure.read();
                let message = known
                    .error
                    .map(|kind| failure.filter(|failure| failure.kind == kind).map_or_else(|| kind.name().into(), |f| f.message));
                break (known.took, known.error, message);
            }
            if cell.takes_turn(self.pid(), now, until) {
                let answer = self.probe(deadline.saturating_sub(began.elapsed()), write);
                let (took, error) = (began.elapsed(), answer.as_ref().err().map(|error| error.kind));
                // Whoever gives DynamoDB less time than a call has must not speak for the others.
                if error == Some(Kind::Timeout) && deadline < self.shared_settings().attempt_timeout {
                    cell.give_up();
                } else {
                    cell.answered(took, error, monotonic_ms());
                }
                break (took, error, answer.err().map(|error| error.to_string()));
            }
            if now >= until {
                break (began.elapsed(), Some(Kind::Timeout), Some("no answer in time to another process of this host".to_owned()));
            }
            std::thread::sleep(HEALTH_LOOK);
        };
        Health {
            ok: error.is_none_or(|kind| kind == Kind::Throttled),
            region: self.home().to_string(),
            table: self.shared_settings().table.clone(),
            latency_ms: took.as_secs_f64() * 1000.0,
            kind: error.map(Kind::name),
            error: message,
        }
    }

    /// The counters of this host.
    #[must_use]
    pub fn report(&self) -> Report {
        // A pinned host has nobody who does it by the way.
        self.host().bury();
        let (slot, now) = (self.slot(), monotonic_ms());
        let state = slot.state();
        let (view, route) = (self.host().view(), self.host().route());
        let in_window = !self.host().beside(route.region, &view).is_empty();
        let regions = self.shared_settings().regions.iter().enumerate();
        let breaker = |(index, region): (usize, &crate::Region)| {
            let cell = &slot.region(index).breaker;
            let breaker = cell.read();
            BreakerReport { region: region.clone(), state: breaker.phase(now), opened: cell.history().0, hold_ms: held(breaker) }
        };
        Report {
            regions: regions.clone().map(|(index, region)| (region.clone(), slot.region(index).metrics.read())).collect(),
            sessions: slot.sessions.read(),
            routing: slot.routing.read(),
            breakers: regions.map(breaker).collect(),
            active: self.active().0,
            route: self.host().name(route.region).clone(),
            bridged: matches!(route.why, Why::Bridged | Why::NoneHealthy),
            pinned: view.pinned,
            window_left_ms: if in_window { slot.window().until_ms.saturating_sub(now) } else { 0 },
            parameter_checked_age_ms: (state.checked_ms > 0).then(|| now.saturating_sub(state.checked_ms)),
        }
    }

    /// DynamoDB's endpoint in `region`.
    #[must_use]
    pub fn endpoint(&self, region: &crate::Region) -> String {
        aws::endpoint("dynamodb", region, &self.shared_settings().endpoints)
    }
}

fn breaker(cell: &BreakerCell, now_ms: u64) -> BreakerStatus {
    let breaker = cell.read();
    let (opened, cause) = cell.history();
    BreakerStatus {
        state: breaker.phase(now_ms),
        since_ms: (breaker.since_ms > 0).then(|| now_ms.saturating_sub(breaker.since_ms)),
        opened,
        hold_ms: held(breaker),
        cause,
    }
}

/// How long an open breaker stays so at least.
fn held(breaker: Breaker) -> Option<u64> {
    breaker.open.then(|| breaker.hold_ms())
}

/// Every setting; `current` gives value and source by the full name.
#[must_use]
pub fn settings(current: impl Fn(&config::Setting) -> (String, &'static str)) -> BTreeMap<&'static str, SettingStatus> {
    let describe = |setting: &'static config::Setting| {
        let (value, source) = current(setting);
        let status = SettingStatus {
            value: config::mask(&value),
            default: setting.default(),
            source,
            allowed: setting.allowed,
            meaning: setting.meaning,
        };
        (setting.name(), status)
    };
    SETTINGS.iter().map(describe).collect()
}
