//! A world in which nothing is written, for `--dry-run`: everything is read, and what would be written is kept in words.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use wp_dynamodb_core::Region;

use crate::answer::{Entry, Line};
use crate::memory::{Memory, Mode, Order};
use crate::rights::{Rights, Tried};
use crate::signal::{Look, Reading};
use crate::world::{Held, Kept, World};

/// `world`, read only.
pub(crate) struct Dry<'a, W> {
    world: &'a W,
    parameter: &'a str,
    would: Mutex<Vec<String>>,
}

impl<'a, W> Dry<'a, W> {
    pub(crate) fn new(world: &'a W, parameter: &'a str) -> Self {
        Dry { world, parameter, would: Mutex::new(Vec::new()) }
    }

    /// What would have been written, in order.
    pub(crate) fn would(&self) -> Vec<String> {
        self.would.lock().map(|w| w.clone()).unwrap_or_default()
    }

    fn note(&self, what: String) {
        if let Ok(mut would) = self.would.lock() {
            would.push(what);
        }
    }
}

impl<W: World> World for Dry<'_, W> {
    fn now_ms(&self) -> u64 {
        self.world.now_ms()
    }

    async fn pause(&self, time: Duration) {
        self.world.pause(time).await;
    }

    async fn look(&self) -> Look {
        self.world.look().await
    }

    async fn parameters(&self) -> BTreeMap<Region, Reading> {
        self.world.parameters().await
    }

    async fn lag(&self, from: &Region, limit: Duration) -> Option<u64> {
        self.world.lag(from, limit).await
    }

    async fn recall(&self) -> Result<Held, String> {
        self.world.recall().await
    }

    async fn keep(&self, _: &Memory, version: u64) -> Result<Kept, String> {
        Ok(Kept::As(version + 1))
    }

    async fn mode(&self) -> Result<Option<Mode>, String> {
        self.world.mode().await
    }

    async fn set_mode(&self, mode: &Mode) -> Result<BTreeMap<Region, String>, String> {
        let way = serde_json::to_value(mode.way).unwrap_or_default();
        self.note(format!("set the mode to {}", way.as_str().unwrap_or_default()));
        Ok(BTreeMap::new())
    }

    async fn record(&self, entry: &Entry) -> Result<(), String> {
        self.note(format!("add \"{}\" to the audit trail", entry.what));
        Ok(())
    }

    async fn order(&self, region: &Region, value: &str) -> Result<(), String> {
        self.note(format!("write \"{value}\" to {} in {region}", self.parameter));
        Ok(())
    }

    async fn follow_up(&self, _: &Order) -> Result<Option<String>, String> {
        Ok(None)
    }

    async fn rights(&self) -> Result<Option<Rights>, String> {
        self.world.rights().await
    }

    async fn try_rights(&self, values: &BTreeMap<Region, String>) -> Vec<Tried> {
        self.world.try_rights(values).await
    }

    async fn keep_rights(&self, _: &Rights) -> Result<(), String> {
        Ok(())
    }

    fn say(&self, line: &Line) {
        self.world.say(line);
    }
}
