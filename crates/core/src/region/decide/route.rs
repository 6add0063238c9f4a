//! Which Region this host's calls go to: a pure function of what it knows.

use serde::Serialize;

use crate::config::{Failover, Routing};
use crate::region::mask::Mask;

/// What decides about the route. Regions are indices into `regions`, in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// How many Regions there are.
    pub regions: usize,
    /// The active Region.
    pub active: usize,
    /// It is this host's pin.
    pub pinned: bool,
    /// The Region the host is in.
    pub home: Option<usize>,
    /// The Regions that the parameter tells its hosts to leave.
    pub drained: Mask,
    /// The Regions whose breaker is open.
    pub open: Mask,
    /// `wp_dynamodb.routing`.
    pub routing: Routing,
    /// `wp_dynamodb.failover`.
    pub failover: Failover,
}

/// Why the route is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is the active Region.
    Active,
    /// It is the Region the host is in, and `routing` is `local`.
    Home,
    /// `routing` is `local`, but the parameter orders to leave this Region.
    Evacuated,
    /// The breaker of the preferred Region is open.
    Bridged,
    /// All breakers are open: the preferred Region is as good as any.
    NoneHealthy,
}

/// Where calls go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The Region that is used.
    pub region: usize,
    /// The Region that would be, were all well.
    pub preferred: usize,
    /// Why it is used.
    pub why: Why,
}

impl View {
    /// The Region this host would use, were all well.
    #[must_use]
    pub fn preferred(&self) -> (usize, Why) {
        match self.home.filter(|_| self.routing == Routing::Local && !self.pinned) {
            Some(home) if home != self.active && self.drained.has(home) => (self.active, Why::Evacuated),
            Some(home) => (home, Why::Home),
            None => (self.active, Why::Active),
        }
    }

    /// Whether this host may leave its preferred Region by itself.
    #[must_use]
    pub fn may_bridge(&self) -> bool {
        self.failover == Failover::Auto && !self.pinned
    }

    /// The route.
    #[must_use]
    pub fn route(&self) -> Route {
        let (preferred, why) = self.preferred();
        if !self.may_bridge() || !self.open.has(preferred) {
            return Route { region: preferred, preferred, why };
        }
        match self.next(Mask::default()).filter(|region| !self.open.has(*region)) {
            Some(region) => Route { region, preferred, why: Why::Bridged },
            None => Route { region: preferred, preferred, why: Why::NoneHealthy },
        }
    }

    /// The next Region for a call that has tried `tried`: the preferred one, the active one, then in the order of `regions`; drained
    /// Regions last. Never one whose breaker is open, but when all are: then one is as good as another.
    #[must_use]
    pub fn next(&self, tried: Mask) -> Option<usize> {
        if !self.may_bridge() {
            return None;
        }
        let (preferred, _) = self.preferred();
        let avoided = if self.open == Mask::first(self.regions) { Mask::default() } else { self.open };
        let fit = |region: &usize| !tried.has(*region) && !avoided.has(*region);
        let order = [preferred, self.active].into_iter().chain(0..self.regions);
        let kept = order.clone().filter(|region| *region == preferred || !self.drained.has(*region)).find(&fit);
        kept.or_else(|| order.clone().find(&fit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn view() -> View {
        View {
            regions: 3,
            active: 1,
            pinned: false,
            home: Some(0),
            drained: Mask::default(),
            open: Mask::default(),
            routing: Routing::Active,
            failover: Failover::Auto,
        }
    }

    fn only(regions: &[usize]) -> Mask {
        regions.iter().fold(Mask::default(), |mask, region| mask.with(*region))
    }

    #[test]
    fn the_active_region_unless_its_breaker_is_open() {
        assert_eq!(view().route(), Route { region: 1, preferred: 1, why: Why::Active });
        assert_eq!(View { open: only(&[1]), ..view() }.route(), Route { region: 0, preferred: 1, why: Why::Bridged });
        assert_eq!(View { open: only(&[0, 1]), ..view() }.route(), Route { region: 2, preferred: 1, why: Why::Bridged });
        assert_eq!(View { open: only(&[0, 1, 2]), ..view() }.route(), Route { region: 1, preferred: 1, why: Why::NoneHealthy });
    }

    #[test]
    fn pinned_and_following_hosts_stay() {
        let open = only(&[1]);
        for stays in [View { open, pinned: true, ..view() }, View { open, failover: Failover::Follow, ..view() }] {
            assert_eq!(stays.route().region, 1);
            assert_eq!(stays.next(only(&[1])), None);
        }
    }

    #[test]
    fn local_hosts_use_their_own_region_until_it_is_drained() {
        let local = View { routing: Routing::Local, ..view() };
        assert_eq!(local.route(), Route { region: 0, preferred: 0, why: Why::Home });
        assert_eq!(View { home: None, ..local }.route(), Route { region: 1, preferred: 1, why: Why::Active }, "it knows no home");
        assert_eq!(
            View { open: only(&[0]), ..local }.route(),
            Route { region: 1, preferred: 0, why: Why::Bridged },
            "the active one first"
        );
        let drained = View { drained: only(&[0]), ..local };
        assert_eq!(drained.route(), Route { region: 1, preferred: 1, why: Why::Evacuated });
        assert_eq!(View { active: 0, ..drained }.route().region, 0, "named and drained: named counts");
        assert_eq!(View { drained: only(&[2]), ..local }.route().region, 0, "another one's order");
        assert_eq!(View { pinned: true, ..local }.route().region, 1, "a pin is a pin");
    }

    #[test]
    fn drained_regions_come_last() {
        let drained = View { drained: only(&[0]), open: only(&[1]), ..view() };
        assert_eq!(drained.route().region, 2);
        assert_eq!(View { open: only(&[1, 2]), ..drained }.route().region, 0, "better than none");
    }

    proptest! {
        #[test]
        fn never_an_open_region_while_another_one_is_healthy(
            regions in 1usize..8, active in 0usize..8, home in prop::option::of(0usize..8), drained: u8, open: u8, tried: u8, local: bool,
        ) {
            let inside = |n: usize| n % regions;
            let all = (0..regions).fold(Mask::default(), Mask::with);
            let routing = if local { Routing::Local } else { Routing::Active };
            let view = View {
                regions, active: inside(active), pinned: false, home: home.map(inside), routing, failover: Failover::Auto,
                drained: Mask::from_bits(drained).and(all), open: Mask::from_bits(open).and(all),
            };
            let route = view.route();
            prop_assert!(!view.open.has(route.region) || view.open == all);
            prop_assert_eq!(route.region == route.preferred, !matches!(route.why, Why::Bridged));
            let tried = Mask::from_bits(tried).and(all);
            match view.next(tried) {
                Some(next) => prop_assert!(!tried.has(next) && (!view.open.has(next) || view.open == all)),
                None => prop_assert!(tried == all || view.open != all && tried.or(view.open) == all),
            }
        }
    }
}
