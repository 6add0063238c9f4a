//! This host among its Regions: which one is active, which one it is in, which one it uses.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::config::Settings;
use crate::metrics::SessionEvent;
use crate::region::Region;
use crate::region::decide::route::{Route, View};
use crate::region::decide::{self, Adopted, Source, Sources};
use crate::region::mask::Mask;
use crate::region::shared::{Slot, monotonic_ms};

/// A parameter written so little longer ago than the switch window counts as written within it: clocks differ.
const CLOCKS: Duration = Duration::from_secs(5);

/// What this process knows of its host.
#[derive(Clone)]
pub struct Host {
    /// Its settings.
    pub settings: Arc<Settings>,
    /// What all workers of the host share.
    pub slot: &'static Slot,
    /// The Region that the environment names, when it is in `regions`.
    pub environment: Option<usize>,
}

impl Host {
    /// The active Region, and where it is from. Never waits.
    #[must_use]
    pub fn active(&self) -> (usize, Source) {
        self.active_with(self.slot.state().adopted)
    }

    fn active_with(&self, adopted: Option<Adopted>) -> (usize, Source) {
        decide::active(&Sources {
            pin: decide::index_of(self.settings.pin.as_ref(), &self.settings.regions),
            adopted: adopted.filter(|a| a.region < self.settings.regions.len()),
            environment: self.environment,
            metadata: self.slot.located().flatten(),
        })
    }

    /// The Region this host is in: the environment, the metadata.
    #[must_use]
    pub fn home(&self) -> Option<usize> {
        self.environment.or_else(|| self.slot.located().flatten())
    }

    /// What decides about the route now.
    #[must_use]
    pub fn view(&self) -> View {
        self.view_with(self.slot.state().adopted)
    }

    fn view_with(&self, adopted: Option<Adopted>) -> View {
        let regions = self.settings.regions.len();
        View {
            regions,
            active: self.active_with(adopted).0,
            pinned: self.settings.pin.is_some(),
            home: self.home(),
            drained: adopted.map(|a| a.drained).unwrap_or_default(),
            open: self.slot.open(regions),
            routing: self.settings.routing,
            failover: self.settings.failover,
        }
    }

    /// The Region in use.
    #[must_use]
    pub fn route(&self) -> Route {
        self.view().route()
    }

    /// The name of the Region with this index.
    #[must_use]
    pub fn name(&self, region: usize) -> &Region {
        &self.settings.regions[region.min(self.settings.regions.len() - 1)]
    }

    /// What the parameter says, as it is written: `us-west-2 drain=us-east-1`.
    #[must_use]
    pub fn order(&self, region: usize, drained: Mask) -> String {
        let names: Vec<_> = drained.iter().map(|region| self.name(region).as_str()).collect();
        let drain = if names.is_empty() { String::new() } else { format!(" drain={}", names.join(",")) };
        format!("{}{drain}", self.name(region))
    }

    /// A new value of the parameter is followed in the place of `before`: the Region used until now may know more for a while. The routes
    /// before and after.
    pub fn switched(&self, before: Option<Adopted>, after: Adopted) -> (usize, usize) {
        let (old, new) = (self.view_with(before).route().region, self.view_with(Some(after)).route().region);
        if before.is_some() || self.slot.sessions.has_any() {
            self.moved(old, new);
        }
        (old, new)
    }

    /// The metadata says where this host is: a host that has used another Region until now may have left sessions there.
    pub fn located(&self, region: Option<usize>) {
        let old = self.route().region;
        self.slot.locate(region);
        if self.slot.sessions.has_any() {
            self.moved(old, self.route().region);
        }
    }

    fn moved(&self, old: usize, new: usize) {
        if old != new {
            self.widen(Mask::default().with(old));
        }
    }

    /// A host that starts right after a switch does not know which Region was used before: all of them are asked.
    pub fn started_after(&self, adopted: Adopted) {
        let written = Duration::from_millis(adopted.modified_ms);
        let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().checked_sub(written).unwrap_or_default();
        let (all, length) = (Mask::first(self.settings.regions.len()), self.settings.switch_window);
        // A pinned host does not follow: nothing has switched for it.
        if !length.is_zero() && self.settings.pin.is_none() {
            self.slot.widen(all, monotonic_ms(), millis((length + CLOCKS).saturating_sub(age)));
        }
    }

    /// From now on `regions` may know more than the route, for the length of the switch window.
    pub fn widen(&self, regions: Mask) {
        self.slot.widen(regions, monotonic_ms(), millis(self.settings.switch_window));
    }

    /// Counts and tells of changes that were being written when their worker was killed: their pages had been told that all is well.
    pub fn bury(&self) {
        let slot = self.slot;
        let killed = slot.in_flight.bury();
        if killed > 0 {
            (0..killed).for_each(|_| slot.sessions.record(SessionEvent::Killed));
            slot.notices.note(&format!(
                "warning: a worker was killed while {killed} changed session(s) were being stored behind their pages; they may be as they were before \
                 (wp_dynamodb.session_write; wp_dynamodb_metrics() counts such changes as killed)"
            ));
        }
    }

    /// Closes the minute of the Regions' history that is over. Called by one worker of the host.
    pub fn turn(&self) {
        for region in 0..self.settings.regions.len() {
            let cell = self.slot.region(region);
            cell.history.turn(&cell.metrics, minute());
        }
    }

    /// The Regions that are asked and written beside `route` now.
    #[must_use]
    pub fn beside(&self, route: usize, view: &View) -> Mask {
        // When all are open, none is left out: what was written to one of them in the outage must be found there.
        let lost = if view.open == Mask::first(view.regions) { Mask::default() } else { view.open };
        self.in_window(route).minus(lost)
    }

    /// The Regions that may know more than `route` now, lost ones too.
    #[must_use]
    pub fn in_window(&self, route: usize) -> Mask {
        self.slot.window().beside(route, monotonic_ms())
    }
}

/// Minutes since 1970.
#[must_use]
pub fn minute() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs() / 60)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::region::shared;

    fn host(settings: Settings) -> Host {
        Host { settings: Arc::new(settings), slot: shared::private(), environment: None }
    }

    fn adopted(region: usize) -> Adopted {
        Adopted { region, drained: Mask::default(), modified_ms: 5, confirmed: true }
    }

    #[test]
    fn a_host_that_served_from_a_fallback_opens_a_window() {
        let fresh = host(Settings::default());
        fresh.switched(None, adopted(1));
        assert!(fresh.in_window(1).is_empty(), "nobody has stored anything through it");
        let served = host(Settings::default());
        served.slot.sessions.record(SessionEvent::Read);
        served.switched(None, adopted(1));
        assert_eq!(served.in_window(1), Mask::default().with(0));
        let local = host(Settings { routing: crate::config::Routing::Local, ..Settings::default() });
        local.slot.sessions.record(SessionEvent::Read);
        local.located(Some(1));
        assert_eq!((local.route().region, local.in_window(1)), (1, Mask::default().with(0)));
    }

    #[test]
    fn a_pinned_host_waits_for_no_switch() {
        let pinned = host(Settings { pin: Some(Settings::default().regions[0].clone()), ..Settings::default() });
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(millis).unwrap_or_default();
        pinned.started_after(Adopted { modified_ms: now, ..adopted(1) });
        assert!(pinned.in_window(0).is_empty());
        let follows = host(Settings::default());
        follows.started_after(Adopted { modified_ms: now, ..adopted(1) });
        assert!(!follows.in_window(0).is_empty());
    }
}
