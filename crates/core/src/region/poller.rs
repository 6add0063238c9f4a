//! One worker of the host asks SSM in all Regions and probes lost ones; the others read what it found in shared memory.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::Error;
use crate::metrics::Operation;
use crate::region::breakers::Breakers;
use crate::region::decide::{self, Reading, State};
use crate::region::host::Host;
use crate::region::shared::{ParameterState, monotonic_ms};
use crate::region::source::{Parameter, ParameterSource};
use crate::region::{Region, locate, parameter, state_file};

/// An SSM that has not answered by then counts as silent in this round.
const DEADLINE: Duration = Duration::from_secs(2);
/// A disk that has not written a few bytes by then is reported.
const DISK: Duration = Duration::from_secs(2);

/// What polling needs.
#[derive(Clone)]
pub struct Poller {
    /// Regions, parameter, interval, state file; and where the findings go.
    pub host: Host,
    /// Where parameters are read.
    pub source: Arc<dyn ParameterSource>,
    /// Probed while this worker polls.
    pub breakers: Breakers,
    /// Asks for a turn before the next tick.
    pub wake: Arc<Notify>,
    /// The environment does not say where this host is: the metadata shall.
    pub locate: bool,
}

impl Poller {
    /// Polls for as long as the process lives, whenever this worker holds the lease and a round is due.
    pub async fn run(self) {
        let pid = std::process::id();
        let interval = millis(self.host.settings.poll_interval);
        // Longer than a round can take. A killed holder is noticed at once, by its process id.
        let lease = (interval + interval / 2).max(millis(DEADLINE + DISK) + 500);
        // A dead or idle poller is replaced within a tick and the rest of its lease: well inside two intervals.
        let tick = Duration::from_millis((interval / 8).clamp(50, 1000));
        loop {
            let now = monotonic_ms();
            if self.host.slot.lease(pid, now, lease) {
                let attempted = self.host.slot.state().attempted_ms;
                self.breakers.probe();
                self.breakers.look_around(now);
                self.host.bury();
                self.host.turn();
                if attempted == 0 || now >= attempted + interval + jitter(interval) {
                    // What failed is noted in the slot, and the next round is the retry.
                    let _ = self.round().await;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(tick) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// Asks every Region's SSM once, at the same time, and publishes what came.
    ///
    /// # Errors
    /// The first failure, when no Region's SSM answered.
    pub async fn round(&self) -> Result<(), Error> {
        let regions = &self.host.settings.regions;
        let mut asked = tokio::task::JoinSet::new();
        for (index, region) in regions.iter().cloned().enumerate() {
            let source = Arc::clone(&self.source);
            asked.spawn(async move {
                let began = std::time::Instant::now();
                let answer = match tokio::time::timeout(DEADLINE, source.read(&region)).await {
                    Ok(answer) => answer,
                    Err(_) => Err(Error::new(crate::Kind::Timeout, "no answer")),
                };
                (index, answer, began.elapsed())
            });
        }
        let located = tokio::spawn(Self::metadata(self.locate && self.host.slot.located().is_none()));
        let mut readings = vec![Reading::Failed; regions.len()];
        let mut failure = None;
        let mut rewritten = false;
        while let Some(done) = asked.join_next().await {
            if let Ok((index, answer, took)) = done {
                let error = answer.as_ref().err().map(|e| e.kind);
                self.host.slot.region(index).metrics.record(Operation::GetParameter, took, error);
                readings[index] = self.reading(index, &answer);
                rewritten |= matches!(&answer, Ok(Some(found)) if found.version > 1);
                failure = failure.or(answer.err());
            }
        }
        let mut next = decide::decide(self.host.slot.state(), &readings, monotonic_ms());
        // Where there is a parameter, nobody waits for the metadata.
        if next.adopted.is_none() {
            self.place(located).await;
            next.attempted_ms = monotonic_ms();
            self.publish(&next, rewritten);
        } else {
            self.publish(&next, rewritten);
            self.place(located).await;
        }
        match failure {
            Some(error) if readings.iter().all(|r| *r == Reading::Failed) => Err(error),
            _ => {
                if readings.iter().all(|r| *r == Reading::Missing) {
                    self.host.slot.notices.say_once(&format!(
                        "warning: there is no parameter {} in any Region; create it, or correct wp_dynamodb.region_parameter",
                        self.host.settings.parameter
                    ));
                }
                self.keep(&next).await;
                Ok(())
            }
        }
    }

    async fn metadata(wanted: bool) -> Option<Option<Region>> {
        if wanted { Some(locate::metadata().await) } else { None }
    }

    /// Notes where the metadata places this host.
    async fn place(&self, located: tokio::task::JoinHandle<Option<Option<Region>>>) {
        if let Ok(Some(found)) = located.await {
            self.host.located(decide::index_of(found.as_ref(), &self.host.settings.regions));
        }
    }

    /// `rewritten`: the parameter has had another value before.
    fn publish(&self, next: &State, rewritten: bool) {
        let held = self.host.slot.state().adopted;
        let newer = next.adopted.filter(|adopted| held.is_none_or(|held| decide::newer(adopted, &held)));
        // The window first: a page that uses the new Region before it is open would read an old copy there.
        let routes = newer.map(|adopted| {
            if held.is_none() && rewritten {
                self.host.started_after(adopted);
            }
            self.host.switched(held, adopted)
        });
        let replaced = self.host.slot.publish(next);
        let (Some(_), Some(adopted), Some((from, to))) = (replaced, next.adopted, routes) else { return };
        let (active, drained) = (self.host.name(adopted.region), adopted.drained);
        let drained: Vec<_> = drained.iter().map(|region| format!("; {} is drained", self.host.name(region))).collect();
        let uses =
            if from == to { String::new() } else { format!("; this host uses {}, no longer {}", self.host.name(to), self.host.name(from)) };
        let parameter = &self.host.settings.parameter;
        self.host.slot.notices.note(&format!("info: the active Region is now {active} (parameter {parameter}){}{uses}", drained.concat()));
    }

    /// One answer as a reading; notes it, and says once when it is bad.
    fn reading(&self, index: usize, answer: &Result<Option<Parameter>, Error>) -> Reading {
        let cell = self.host.slot.region(index);
        let region = &self.host.settings.regions[index];
        match answer {
            Ok(Some(found)) => match parameter::parse(&found.value, &self.host.settings.regions) {
                Ok(named) => {
                    cell.note(ParameterState::Ok, &self.host.order(named.region, named.drained), "");
                    Reading::Value { region: named.region, drained: named.drained, modified_ms: found.modified_ms }
                }
                Err(bad) => {
                    if cell.note(ParameterState::Bad, &bad.shown, bad.reason) {
                        self.host.slot.notices.note(&format!(
                            "warning: parameter {} in {region} is ignored: its value \"{}\" is no Region to use: {}; going on with the Region in use",
                            self.host.settings.parameter, bad.shown, bad.reason
                        ));
                    }
                    Reading::Bad
                }
            },
            Ok(None) => {
                cell.note(ParameterState::Missing, "", "there is no such parameter");
                Reading::Missing
            }
            Err(error) => {
                let (before, _, _) = cell.read();
                cell.note(ParameterState::Error, "", &error.cause);
                if before != ParameterState::Error {
                    self.host.slot.notices.note(&format!(
                        "warning: parameter {} in {region} cannot be read: {error}; going on with the Region in use",
                        self.host.settings.parameter
                    ));
                }
                Reading::Failed
            }
        }
    }

    /// Keeps the last good value on disk while SSM confirms it. Not on the runtime's thread: a disk that hangs must not hold up pages.
    async fn keep(&self, state: &State) {
        let (Some(path), Some(adopted)) = (self.host.settings.state_file.clone(), state.adopted.filter(|a| a.confirmed)) else { return };
        let name = |region| self.host.name(region).to_string();
        let drained = adopted.drained.iter().map(name).collect();
        let value = state_file::LastGood::new(&self.host.settings.parameter, name(adopted.region), drained, adopted.modified_ms);
        let write = tokio::task::spawn_blocking(move || state_file::write(&path, &value));
        let error = match tokio::time::timeout(DISK, write).await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the disk does not answer".to_owned(),
        };
        self.host.slot.notices.say_once(&format!(
            "warning: the last good Region cannot be kept: {error}; set wp_dynamodb.state_file to a path of this site's own that the workers may write"
        ));
    }
}

/// Up to a tenth of the interval, so that hosts started together do not ask together; always late, never early.
fn jitter(interval_ms: u64) -> u64 {
    // Not by aws-lc: its generator is seeded with the first number, for some 20 ms in which this thread serves no page.
    let [byte, ..] = RandomState::new().hash_one(interval_ms).to_le_bytes();
    interval_ms * u64::from(byte) / 2560
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::region::shared;
    use crate::store::Reply;
    use crate::store::memory::Memory;
    use std::collections::HashMap;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Fake(Mutex<HashMap<String, Result<Option<Parameter>, Error>>>);

    impl Fake {
        fn says(&self, region: &str, answer: Result<Option<(&str, u64)>, Error>) {
            let answer = answer.map(|a| a.map(|(value, modified_ms)| Parameter { value: value.into(), modified_ms, version: 1 }));
            self.0.lock().expect("unpoisoned").insert(region.into(), answer);
        }
    }

    impl ParameterSource for Fake {
        fn read<'a>(&'a self, region: &'a Region) -> Reply<'a, Option<Parameter>> {
            let answer = self.0.lock().expect("unpoisoned").get(region.as_str()).cloned().unwrap_or(Ok(None));
            Box::pin(async move { answer })
        }
    }

    fn down() -> Error {
        Error::new(crate::Kind::Unavailable, "connection refused")
    }

    fn poller(fake: &Arc<Fake>, state_file: Option<std::path::PathBuf>) -> Poller {
        let settings = Arc::new(Settings { state_file, ..Settings::default() });
        let host = Host { settings, slot: shared::private(), environment: None };
        let breakers = Breakers::new(host.clone(), Arc::new(Memory::default()));
        Poller { host, source: Arc::<Fake>::clone(fake), breakers, wake: Arc::default(), locate: false }
    }

    #[tokio::test]
    async fn follows_the_newest_and_keeps_it_on_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region.json");
        let fake = Arc::new(Fake::default());
        let poller = poller(&fake, Some(path.clone()));
        fake.says("us-east-1", Ok(Some(("us-east-1", 10))));
        fake.says("us-west-2", Ok(Some(("us-west-2", 20))));
        let _ = poller.round().await;
        assert_eq!(poller.host.slot.state().adopted.map(|a| a.region), Some(1));
        let kept = state_file::read(&path, "/wordpress/dynamodb_region").expect("readable").expect("kept");
        assert_eq!((kept.0.region.as_str(), kept.0.modified_ms), ("us-west-2", 20));
        assert!(poller.host.slot.notices.take()[0].contains("now us-west-2"));
    }

    #[tokio::test]
    async fn bad_values_are_said_once_and_shown() {
        let fake = Arc::new(Fake::default());
        let poller = poller(&fake, None);
        fake.says("us-east-1", Ok(Some(("eu-west-9", 10))));
        let _ = poller.round().await;
        let _ = poller.round().await;
        let notices = poller.host.slot.notices.take();
        assert_eq!(notices.len(), 1, "{notices:?}");
        for part in ["/wordpress/dynamodb_region", "us-east-1", "eu-west-9", "not one of wp_dynamodb.regions"] {
            assert!(notices[0].contains(part), "{part} in {}", notices[0]);
        }
        assert_eq!(poller.host.slot.region(0).read().0, ParameterState::Bad);
        assert_eq!(poller.host.slot.region(1).read().0, ParameterState::Missing);
        assert_eq!(poller.host.slot.state().adopted, None);
    }

    #[tokio::test]
    async fn silence_is_said_once_and_changes_nothing() {
        let fake = Arc::new(Fake::default());
        let poller = poller(&fake, None);
        fake.says("us-west-2", Ok(Some(("us-west-2", 20))));
        let _ = poller.round().await;
        let _ = poller.host.slot.notices.take();
        fake.says("us-east-1", Err(down()));
        fake.says("us-west-2", Err(down()));
        let _ = poller.round().await;
        let _ = poller.round().await;
        assert_eq!(poller.host.slot.notices.take().len(), 2, "one for each Region");
        assert_eq!(poller.round().await.unwrap_err().kind, crate::Kind::Unavailable);
        let state = poller.host.slot.state();
        assert_eq!(state.adopted.map(|a| a.region), Some(1));
        assert!(state.checked_ms <= state.attempted_ms);
    }

    #[test]
    fn hosts_that_were_started_together_ask_apart() {
        let late: std::collections::BTreeSet<u64> = (0..100).map(|_| jitter(10_000)).collect();
        assert!(late.len() > 50, "{late:?}");
        assert!(late.iter().all(|ms| *ms < 1000), "{late:?}");
    }
}
