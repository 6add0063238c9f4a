//! Visitors: an open loop of requests, each to the Region that DNS names to that visitor.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::health::{Scene, ttl};
use super::scale::PATIENCE;
use crate::drill::http::Http;
use crate::drill::page::{Page, Reading};
use crate::drill::session::{Finding, Missing, Session};
use crate::drill::stack::Host;
use crate::route53::{Resolver, Role};

/// Resolvers of providers, each with its own moment of asking.
const RESOLVERS: usize = 16;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// As it should be.
    Good,
    /// No page, or no session.
    Failed,
    /// A session that is older than what was stored, or another one.
    Wrong,
}

/// A request with its answer.
#[derive(Debug, Clone, Serialize)]
pub struct Visit {
    /// When it was sent, in real seconds.
    pub at_s: f64,
    /// When it ended.
    pub ended_s: f64,
    /// The Region that it was sent to: its place.
    pub region: usize,
    /// What became of it.
    pub fate: Fate,
    /// Why it failed.
    pub cause: Option<String>,
    /// When the change was stored that a wrong session misses.
    pub missing_since_s: Option<f64>,
}

/// Some visitors and their pages.
pub struct Crowd {
    /// HTTP.
    pub http: Http,
    /// The hosts, by their public addresses.
    pub hosts: Vec<Host>,
    /// Their page.
    pub page: Page,
    /// Their sessions.
    pub sessions: Vec<Session>,
    /// Requests a second of the rehearsal.
    pub rate: f64,
}

impl Crowd {
    /// Lets them come until the clock shows `until_s`; returns when all have their answers.
    pub async fn visit(mut self, scene: Arc<Scene>, until_s: f64) -> Vec<Visit> {
        let clock = scene.story.clock;
        let patience = clock.scale.wall(PATIENCE);
        let mut resolvers = resolvers(&scene);
        let mut free: VecDeque<usize> = (0..self.sessions.len()).collect();
        let mut tasks: JoinSet<(usize, usize, Option<u64>, Instant, Reading)> = JoinSet::new();
        let mut visits = Vec::new();
        let (mut next, until) = (Instant::now(), clock.when(until_s));
        while next < until || !tasks.is_empty() {
            tokio::select! {
                Some(done) = tasks.join_next() => {
                    let (at, region, change, sent, reading) = done.expect("a request does not panic");
                    let ended = Instant::now();
                    let (fate, cause, missing_since_s) = note(&mut self.sessions[at], reading, change, clock.at(ended), region);
                    visits.push(Visit { at_s: clock.at(sent), ended_s: clock.at(ended), region, fate, cause, missing_since_s });
                    free.push_back(at);
                }
                () = sleep_until(next), if next < until => {
                    let sent = next;
                    next += std::time::Duration::from_secs_f64(1.0 / self.rate);
                    // When all of them wait there is nobody left to come; those who wait will be counted.
                    let Some(at) = free.pop_front() else { continue };
                    let session = &mut self.sessions[at];
                    let resolver = &mut resolvers[at % RESOLVERS];
                    let role = resolver.resolve(Instant::now(), || if scene.dns() == 0 { Role::Primary } else { Role::Secondary });
                    let region = usize::from(role == Role::Secondary);
                    let change = fastrand::bool().then(|| session.next_change());
                    let url = self.page.url(&self.hosts[region], session.number, change).unwrap_or_default();
                    let (http, page, cookie) = (self.http.clone(), self.page, session.cookie.clone());
                    tasks.spawn(async move {
                        let answer = http.get(&url, cookie.as_deref(), patience).await;
                        (at, region, change, sent, page.read(answer, change))
                    });
                }
            }
        }
        visits.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        visits
    }
}

/// Resolvers that have asked at different moments within the last TTL.
fn resolvers(scene: &Scene) -> Vec<Resolver> {
    let (now, ttl) = (Instant::now(), ttl(scene));
    (0..RESOLVERS)
        .map(|at| {
            let mut resolver = Resolver::new(ttl);
            let asked = now.checked_sub(ttl.mul_f64(at as f64 / RESOLVERS as f64)).unwrap_or(now);
            resolver.resolve(asked, || Role::Primary);
            resolver
        })
        .collect()
}

fn note(session: &mut Session, reading: Reading, change: Option<u64>, at_s: f64, region: usize) -> (Fate, Option<String>, Option<f64>) {
    let Some(seen) = &reading.seen else {
        session.unanswered(change.filter(|_| reading.uncertain));
        return (Fate::Failed, reading.trouble, None);
    };
    let finding = session.answered(seen, change, (at_s * 1000.0) as u64, region);
    if let Some(trouble) = reading.trouble {
        return (Fate::Failed, Some(trouble), None);
    }
    let since = |missing: &Missing| Some(missing.stored_ms as f64 / 1000.0);
    match &finding {
        Finding::Right => (Fate::Good, None, None),
        Finding::Stale(missing) => (Fate::Wrong, Some("an older session".into()), since(missing)),
        Finding::Lost(missing) => (Fate::Wrong, Some("the session was lost".into()), since(missing)),
    }
}

/// Why requests failed, and how often.
pub fn causes(visits: &[Visit]) -> BTreeMap<String, u64> {
    let mut causes = BTreeMap::new();
    for cause in visits.iter().filter_map(|visit| visit.cause.as_ref()) {
        *causes.entry(cause.clone()).or_default() += 1;
    }
    causes
}
