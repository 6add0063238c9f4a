//! What the hosts say of themselves, ten times a second.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::http::Http;
use super::stack::Host;
use super::timeline::Clock;

const EVERY: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_secs(2);

/// Where a host sends its calls, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// The Region it uses.
    pub route: String,
    /// The active Region as it knows it.
    pub active: String,
    /// Why the route is what it is.
    pub reason: String,
    /// The breaker's state by Region.
    pub breakers: BTreeMap<String, String>,
    /// The Regions that are asked and written beside the route, after a switch or a bridge.
    pub window: Vec<String>,
}

/// A host's state from a time on.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// When it was seen, in milliseconds.
    pub at_ms: u64,
    /// The host.
    pub host: usize,
    /// Its state.
    #[serde(flatten)]
    pub state: State,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Each host's states, as they changed.
    pub changes: Vec<Change>,
    /// Looks that got no answer.
    pub unanswered: u64,
}

impl Seen {
    /// A host's newest state.
    pub fn now(&self, host: usize) -> Option<&State> {
        self.changes.iter().rev().find(|change| change.host == host).map(|change| &change.state)
    }

    fn add(&mut self, at_ms: u64, host: usize, state: State) {
        if self.now(host) != Some(&state) {
            self.changes.push(Change { at_ms, host, state });
        }
    }
}

/// One look at a host.
///
/// # Errors
/// When its status page does not answer.
pub async fn look(http: &Http, host: &Host) -> Result<State> {
    let status = http.json(&host.status, TIMEOUT).await?;
    let text = |name: &str| Ok::<_, anyhow::Error>(status[name].as_str().with_context(|| format!("the status has no {name}"))?.to_owned());
    let breakers = status["regions"].as_object().into_iter().flatten();
    let breakers = breakers.filter_map(|(region, of)| Some((region.clone(), of["breaker"]["state"].as_str()?.to_owned()))).collect();
    let window = status["window"]["regions"].as_array().into_iter().flatten();
    let window = window.filter_map(|region| region.as_str().map(str::to_owned)).collect();
    Ok(State { window, route: text("route")?, active: text("active")?, reason: text("reason")?, breakers })
}

/// The median of a host's answered DynamoDB calls to a Region since its start, in milliseconds.
///
/// # Errors
/// When its status page does not answer, or tells no latency.
pub async fn call_p50_ms(http: &Http, host: &Host, region: &str) -> Result<f64> {
    let status = http.json(&host.status, TIMEOUT).await?;
    status["regions"][region]["latency_ms"]["p50"].as_f64().with_context(|| format!("the status tells no latency of {region}"))
}

/// Looks at all hosts for ever.
pub async fn watch(http: &Http, hosts: &[Host], clock: Clock, seen: &RefCell<Seen>) {
    let (sender, mut looks) = mpsc::unbounded_channel();
    // Each host by itself: one that does not answer must not keep us from the others. The tasks end with this set.
    let mut tasks = JoinSet::new();
    for (index, host) in hosts.iter().cloned().enumerate() {
        let (http, sender) = (http.clone(), sender.clone());
        tasks.spawn(async move {
            let mut ticks = tokio::time::interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                ticks.tick().await;
                let state = look(&http, &host).await;
                if sender.send((index, clock.now_ms(), state)).is_err() {
                    return;
                }
            }
        });
    }
    while let Some((host, at_ms, state)) = looks.recv().await {
        match state {
            Ok(state) => seen.borrow_mut().add(at_ms, host, state),
            Err(_) => seen.borrow_mut().unanswered += 1,
        }
    }
}

/// A host that uses its active Region and no other, and knows of nothing wrong.
pub fn is_calm(state: &State, active: &str) -> bool {
    state.route == active && state.active == active && state.window.is_empty() && state.breakers.values().all(|breaker| breaker == "closed")
}
