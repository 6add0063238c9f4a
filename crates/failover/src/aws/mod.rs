//! The world as AWS has it.
//!
//! ```text
//! (here)      all of it as the controller's world
//! clients     SDK clients of each Region, with their deadlines
//! site        a Region's public health check
//! canary      a write and a read in a Region's session table, and how long replication takes
//! parameters  the parameter in each Region
//! ledger      the control table: memory, mode, rights, audit trail
//! rights      tries what a controller must be allowed to do
//! steps       the state machine that follows a switch
//! ```

pub mod canary;
pub mod clients;
pub mod ledger;
pub mod parameters;
pub mod rights;
pub mod site;
pub mod steps;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use wp_dynamodb_core::Region;

use crate::answer::{Entry, Line};
use crate::memory::{Memory, Mode, Order};
use crate::rights::{Rights, Tried};
use crate::settings::Settings;
use crate::signal::{Look, Reading, Signal, Signals};
use crate::world::{Held, Kept, World};
use clients::Clients;

/// AWS, seen from the controller's Region.
pub struct Aws<'a> {
    settings: &'a Settings,
    clients: Clients,
    say: fn(&Line),
}

impl<'a> Aws<'a> {
    /// Makes the clients; nothing is asked for yet. `say` takes the log lines.
    pub async fn new(settings: &'a Settings, say: fn(&Line)) -> Aws<'a> {
        Aws { settings, clients: Clients::new(settings).await, say }
    }

    /// The clients, for what only the command line does.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    async fn signals(&self, region: &Region) -> Signals {
        let site = async {
            match self.settings.health_urls.get(region) {
                Some(url) => site::ask(url, &self.settings.health_text, self.settings.signal_timeout).await,
                None => Signal::Unknown,
            }
        };
        let store = canary::ask(self.clients.dynamodb(region), self.settings, region);
        let (site, dynamodb) = futures_util::future::join(site, store).await;
        Signals { site, dynamodb }
    }
}

impl World for Aws<'_> {
    fn now_ms(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn look(&self) -> Look {
        let regions = &self.settings.policy.regions;
        let signals = join_all(regions.iter().map(|r| async move { (r.clone(), self.signals(r).await) }));
        let (signals, parameters) = futures_util::future::join(signals, self.parameters()).await;
        Look { signals: signals.into_iter().collect(), parameters, lag_ms: None, elsewhere: Vec::new() }
    }

    async fn parameters(&self) -> BTreeMap<Region, Reading> {
        let regions = &self.settings.policy.regions;
        let readings =
            join_all(regions.iter().map(|r| async move { (r.clone(), parameters::read(self.clients.ssm(r), self.settings, r).await) }));
        readings.await.into_iter().collect()
    }

    async fn lag(&self, from: &Region, limit: Duration) -> Option<u64> {
        let home = &self.settings.policy.home;
        canary::lag(self.clients.dynamodb(from), self.clients.dynamodb(home), self.settings, from, limit).await
    }

    async fn recall(&self) -> Result<Held, String> {
        self.ledger().recall(self.now_ms()).await
    }

    async fn keep(&self, memory: &Memory, version: u64) -> Result<Kept, String> {
        self.ledger().keep(memory, version).await
    }

    async fn mode(&self) -> Result<Option<Mode>, String> {
        self.ledger().mode().await
    }

    async fn set_mode(&self, mode: &Mode) -> Result<BTreeMap<Region, String>, String> {
        let home = &self.settings.policy.home;
        // A controller may write its own Region's table only; the rest is replication's.
        let regions = self.settings.policy.regions.iter().filter(|r| self.settings.person || *r == home);
        let told = join_all(regions.map(|r| async move { (r.clone(), self.ledger_in(r).set_mode(mode).await) })).await;
        let failed = |(region, result): &(Region, Result<(), String>)| result.as_ref().err().map(|why| (region.clone(), why.clone()));
        let not_told: BTreeMap<Region, String> = told.iter().filter_map(failed).collect();
        if not_told.len() == told.len() {
            return Err(not_told.into_values().collect::<Vec<_>>().join("; "));
        }
        Ok(not_told)
    }

    async fn record(&self, entry: &Entry) -> Result<(), String> {
        self.ledger().record(entry).await
    }

    async fn order(&self, region: &Region, value: &str) -> Result<(), String> {
        parameters::write(self.clients.ssm(region), self.settings, region, value).await
    }

    async fn follow_up(&self, order: &Order) -> Result<Option<String>, String> {
        match &self.settings.after_switch {
            Some(machine) => steps::start(self.clients.steps(), machine, order).await.map(Some),
            None => Ok(None),
        }
    }

    async fn rights(&self) -> Result<Option<Rights>, String> {
        self.ledger().rights().await
    }

    async fn try_rights(&self, values: &BTreeMap<Region, String>) -> Vec<Tried> {
        rights::all(&self.clients, self.settings, values).await
    }

    async fn keep_rights(&self, rights: &Rights) -> Result<(), String> {
        self.ledger().keep_rights(rights).await
    }

    fn say(&self, line: &Line) {
        (self.say)(line);
    }
}

impl Aws<'_> {
    /// The control table in the own Region.
    #[must_use]
    pub fn ledger(&self) -> ledger::Ledger<'_> {
        self.ledger_in(&self.settings.policy.home)
    }

    /// The control table in `region`, one of the settings'.
    #[must_use]
    pub fn ledger_in<'b>(&'b self, region: &'b Region) -> ledger::Ledger<'b> {
        ledger::Ledger { client: self.clients.dynamodb(region), table: &self.settings.control_table, home: region }
    }
}
