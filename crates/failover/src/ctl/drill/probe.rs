//! Asks the sites and writes numbered markers, four times a second, while a drill goes on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all};
use tokio::time::MissedTickBehavior;
use wp_dynamodb_core::Region;

use super::tape::{Marker, Markers, Site, Tape};
use crate::aws::{Aws, site};
use crate::settings::Settings;
use crate::signal::Signal;

/// Between two questions, and between two markers.
const EVERY: Duration = Duration::from_millis(250);
/// A marker that has not arrived by then is missing.
const ARRIVES: Duration = Duration::from_secs(15);
/// Markers live so long.
const LIVES: Duration = Duration::from_secs(3600);
/// So many are looked for at once.
const TOGETHER: usize = 20;

/// The probes, and what they have seen. They run beside the switch in one task: a `RefCell` is enough, and no borrow lives across a wait.
pub(super) struct Probe<'a> {
    aws: &'a Aws<'a>,
    settings: &'a Settings,
    /// Tells this run's markers from another one's.
    run: String,
    active: RefCell<Region>,
    tape: RefCell<Tape>,
}

/// A place on the tape.
pub(super) struct Mark {
    markers: usize,
    refused: u64,
    answers: BTreeMap<Region, usize>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(aws: &'a Aws<'a>, settings: &'a Settings, active: &Region) -> Self {
        let run = format!("{:016x}", fastrand::u64(..));
        Probe { aws, settings, run, active: RefCell::new(active.clone()), tape: RefCell::default() }
    }

    /// Markers go there from now on.
    pub(super) fn follow(&self, region: &Region) {
        *self.active.borrow_mut() = region.clone();
    }

    /// Where the tape is now.
    pub(super) fn mark(&self) -> Mark {
        let tape = self.tape.borrow();
        let answers = tape.answers.iter().map(|(region, answers)| (region.clone(), answers.len())).collect();
        Mark { markers: tape.markers.len(), refused: tape.refused, answers }
    }

    /// What the sites have answered since `mark`.
    pub(super) fn sites(&self, mark: &Mark) -> BTreeMap<Region, Site> {
        let tape = self.tape.borrow();
        let since = |region: &Region| mark.answers.get(region).copied().unwrap_or_default();
        tape.answers.iter().map(|(region, answers)| (region.clone(), Site::of(&answers[since(region)..]))).collect()
    }

    /// Looks in `region` for the markers that were acknowledged since `mark`, until all are there or it is too late.
    pub(super) async fn arrived(&self, mark: &Mark, region: &Region) -> Markers {
        let (mut missing, refused) = {
            let tape = self.tape.borrow();
            (tape.markers[mark.markers..].to_vec(), tape.refused - mark.refused)
        };
        let acknowledged = missing.len();
        let started = Instant::now();
        while !missing.is_empty() && started.elapsed() < ARRIVES {
            let mut still = Vec::new();
            for some in missing.chunks(TOGETHER) {
                let found = join_all(some.iter().map(|marker| self.is_there(marker, region))).await;
                still.extend(some.iter().zip(found).filter(|(_, there)| !there).map(|(marker, _)| marker.clone()));
            }
            missing = still;
            if !missing.is_empty() {
                tokio::time::sleep(EVERY).await;
            }
        }
        Markers { acknowledged, arrived: acknowledged - missing.len(), missing: missing.len(), refused }
    }

    /// For ever.
    pub(super) async fn run(&self) -> Infallible {
        let sites = join_all(self.settings.health_urls.iter().map(|(region, url)| self.ask(region, url)));
        join(self.write(), sites).await.0
    }

    async fn ask(&self, region: &Region, url: &str) -> Infallible {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tick.tick().await;
            let signal = site::ask(url, &self.settings.health_text, self.settings.signal_timeout).await;
            let why = match signal {
                Signal::Ok => None,
                Signal::Failed(why) => Some(why),
                other => Some(other.to_string()),
            };
            self.tape.borrow_mut().answers.entry(region.clone()).or_default().push((Instant::now(), why));
        }
    }

    async fn write(&self) -> Infallible {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut number = 0;
        loop {
            tick.tick().await;
            let marker = Marker { number, region: self.active.borrow().clone() };
            number += 1;
            if self.put(&marker).await {
                self.tape.borrow_mut().markers.push(marker);
            } else {
                self.tape.borrow_mut().refused += 1;
            }
        }
    }

    async fn put(&self, marker: &Marker) -> bool {
        let expires = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + LIVES;
        let table = &self.settings.table;
        let update = self
            .aws
            .clients()
            .dynamodb(&marker.region)
            .update_item()
            .table_name(&table.name)
            .key(&table.hash_key, self.key(marker))
            .update_expression("SET #expires = :expires")
            .expression_attribute_names("#expires", &table.expires)
            .expression_attribute_values(":expires", AttributeValue::N(expires.as_secs().to_string()));
        update.send().await.is_ok()
    }

    async fn is_there(&self, marker: &Marker, region: &Region) -> bool {
        let table = &self.settings.table;
        let get = self.aws.clients().dynamodb(region).get_item().table_name(&table.name).key(&table.hash_key, self.key(marker));
        get.consistent_read(true).send().await.is_ok_and(|got| got.item.is_some())
    }

    fn key(&self, marker: &Marker) -> AttributeValue {
        AttributeValue::S(format!("wp-dynamodb/drill/{}/{}", self.run, marker.number))
    }
}
