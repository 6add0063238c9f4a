//! The copies of one item in several Regions: which is the newest, and what a write must carry to be newer than all of them.
//!
//! Items of format `sealed` carry `rev`, `updated_at` and `writer`. What must hold:
//!
//! - **A write is newer than everything its request has read.** Its `rev` is higher than any that was seen, in whichever Region, and its
//!   `updated_at` is later than any that was seen, whatever this host's clock says. So clocks do not decide between a write and its
//!   successor.
//! - **A write by a host that could not read its preferred Region takes over:** its `rev` rises by [`TAKEOVER`], more than that Region can
//!   have written meanwhile, and `base` keeps the `rev` it counted on from. So what the lost Region had not replicated does not come back
//!   over what was written since; and when both copies meet, it shows that there was something.
//! - **So does a write that goes to a Region its request has not read** (the host has followed a switch in between), and it takes over in
//!   every Region that it goes to: another host may still use any one of them alone, and what that one writes next must count as newer.
//! - **Between writes that did not know each other, time decides** when they lie further apart than the clocks of two hosts may
//!   ([`SKEW_MS`]), else `rev`.
//!
//! The AWS SDK's layout has none of the three: there the later expiry is the newer copy, but for an expired item without data. It is what
//! a session destroyed in a bridge or window leaves, and wins: logged out stays logged out.

use crate::config::{Format, MAX_REGIONS, Settings};
use crate::region::mask::Mask;
use crate::store::{Attribute, Change, Item, Update};

/// What a takeover adds to `rev`.
pub const TAKEOVER: i64 = 1 << 20;
/// The clocks of two hosts may each be wrong by two seconds.
pub const SKEW_MS: i64 = 4_000;
/// `fmt` of an item whose session was destroyed: keeps older copies from coming back, until TTL removes it.
pub const GONE: &str = "gone";

/// Name of the attribute that counts an item's writes.
pub const REV: &str = "rev";
/// Name of the attribute with the time of the last write, in milliseconds since 1970.
pub const UPDATED_AT: &str = "updated_at";
/// Name of the attribute with the Region of the last write.
pub const WRITER: &str = "writer";
/// Name of the attribute with the `rev` that a takeover counted on from.
pub const BASE: &str = "base";
/// Name of the attribute with the item's layout.
pub const FMT: &str = "fmt";

/// What one request knows of an item's copies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// `rev` in each Region that was read; 0: no copy there.
    revs: [Option<i64>; MAX_REGIONS],
    /// The highest of them.
    rev: i64,
    /// The latest `updated_at`.
    updated_ms: i64,
    /// A Region that had to be read was not: there may be writes that nobody here knows.
    unread: bool,
    /// The Regions whose copy is the newest, or holds the same data.
    newest: Mask,
    /// The newest copy's `base`.
    base: Option<i64>,
    /// Some copy has one.
    based: bool,
    /// Regions that failed this request: it does not wait for them again.
    pub failed: Mask,
}

/// The newest copy, and what is known of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// The newest copy; none: no Region that answered has one.
    pub item: Option<Item>,
    /// The Region it was read in.
    pub region: usize,
    /// What a write of the same request needs.
    pub seen: Seen,
    /// The Region whose copy was dropped although the newest did not know its last write.
    pub superseded: Option<usize>,
    /// The newest copy was not the route's.
    pub elsewhere: bool,
}

/// One write, to one Region or more.
#[derive(Debug, Clone, Copy)]
pub struct Write {
    /// The Region that is written first.
    pub writer: usize,
    /// It takes over.
    pub takes_over: bool,
    /// It goes elsewhere than to the Regions that were read: what they hold beyond that stays there.
    pub leaves: bool,
    /// Milliseconds since 1970 by this host's clock.
    pub now_ms: i64,
}

/// What tells copies apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Mark {
    rev: i64,
    updated_ms: i64,
    /// Layout of the AWS SDK: what a destroyed session has left.
    gone: bool,
    expires: i64,
    base: Option<i64>,
    /// The Region of the last write.
    writer: Option<usize>,
}

impl Mark {
    fn of(item: &Item, settings: &Settings, now_ms: i64) -> Self {
        let number = |name: &str| match item.get(name) {
            Some(Attribute::N(n)) => *n,
            _ => 0,
        };
        match settings.format {
            Format::Sealed => {
                let base = item.contains_key(BASE).then(|| number(BASE));
                Mark { rev: number(REV), updated_ms: number(UPDATED_AT), base, writer: writer(item, settings), ..Mark::default() }
            }
            Format::AwsSdk => {
                let expires = number(&settings.expires_attribute);
                let gone = expires > 0 && expires <= now_ms / 1000 && !item.contains_key(&settings.data_attribute);
                Mark { gone, expires, ..Mark::default() }
            }
        }
    }

    fn is_newer_than(self, other: Self) -> bool {
        if self.updated_ms.abs_diff(other.updated_ms) > SKEW_MS.unsigned_abs() {
            return self.updated_ms > other.updated_ms;
        }
        (self.rev, self.updated_ms, self.gone, self.expires) > (other.rev, other.updated_ms, other.gone, other.expires)
    }

    /// Whether `older`, found in `place`, holds a write that this one, the newer, did not know.
    fn supersedes(self, older: Self, place: usize) -> bool {
        // One write leaves the same time wherever it goes, though perhaps another `rev`; and by the time it goes on, another writer.
        let same = self.updated_ms == older.updated_ms;
        // Its own Region's last word, not a copy of another's, and the newer one neither counts on from it nor from a later one.
        !same && older.writer == Some(place) && self.base.map_or(self.rev <= older.rev, |base| older.rev > base)
    }
}

fn writer(item: &Item, settings: &Settings) -> Option<usize> {
    match item.get(WRITER) {
        Some(Attribute::S(name)) => settings.regions.iter().position(|region| region.as_str() == name),
        _ => None,
    }
}

impl Found {
    /// Chooses among the copies that were read. The route's answer comes first: of copies that are alike it is taken.
    /// `wanted`: the Regions that had to be read: the preferred one, which has every session while all is well, and those of the window.
    #[must_use]
    pub fn newest(answers: Vec<(usize, Option<Item>)>, wanted: Mask, settings: &Settings, now_ms: i64) -> Self {
        let mut found = Found { region: answers.first().map_or(0, |(region, _)| *region), ..Found::default() };
        let route = found.region;
        let mut read = Mask::default();
        let mut best: Option<Mark> = None;
        for (region, item) in answers {
            read = read.with(region);
            let mark = item.as_ref().map(|item| Mark::of(item, settings, now_ms)).unwrap_or_default();
            if let Some(rev) = found.seen.revs.get_mut(region) {
                *rev = Some(mark.rev);
            }
            found.seen.rev = found.seen.rev.max(mark.rev);
            found.seen.updated_ms = found.seen.updated_ms.max(mark.updated_ms);
            found.seen.based |= mark.base.is_some();
            let Some(item) = item else { continue };
            let wins = best.is_none_or(|best| mark.is_newer_than(best));
            if let Some(held) = best {
                let (newer, older, place) = if wins { (mark, held, found.region) } else { (held, mark, region) };
                found.superseded = found.superseded.or(newer.supersedes(older, place).then_some(place));
            }
            // The same bytes: a copy, or one write to both. (Sealed data differs with each write.)
            let data = |item: &Option<Item>| item.as_ref().and_then(|item| item.get(&settings.data_attribute)).cloned();
            let alike = item.get(&settings.data_attribute) == data(&found.item).as_ref();
            if alike || wins {
                found.seen.newest = if alike { found.seen.newest } else { Mask::default() }.with(region);
            }
            if wins {
                (best, found.region, found.item) = (Some(mark), region, Some(item));
            }
        }
        found.seen.unread = !wanted.minus(read).is_empty();
        found.seen.base = best.and_then(|best| best.base);
        found.elsewhere = found.item.is_some() && found.region != route;
        found
    }
}

impl Seen {
    /// `update` as it must be written in `region`, a little later than everything seen.
    #[must_use]
    pub fn stamp(&self, update: &Update, region: usize, write: Write, settings: &Settings) -> Update {
        let mut update = update.clone();
        if settings.format == Format::Sealed {
            let name = settings.regions[write.writer.min(settings.regions.len() - 1)].to_string();
            update.changes.insert(REV.into(), Change::Add(self.step(region, write.takes_over)));
            update.changes.insert(UPDATED_AT.into(), Change::Set(Attribute::N(self.later(write.now_ms))));
            update.changes.insert(WRITER.into(), Change::Set(Attribute::S(name)));
            // What the first takeover counted on from stays until the copies have met.
            let hidden = self.unread || write.takes_over && write.leaves;
            if hidden && self.base.is_none() {
                update.changes.insert(BASE.into(), Change::Set(Attribute::N(self.rev)));
            } else if !hidden && self.based && self.read().iter().count() > 1 {
                update.changes.insert(BASE.into(), Change::Remove);
            }
        }
        update
    }

    /// Whether a write to `regions` takes over: the preferred Region, or one of these, may hold writes that its request has not seen.
    #[must_use]
    pub fn takes_over(&self, regions: Mask) -> bool {
        self.unread || !self.read().is_empty() && !regions.minus(self.read()).is_empty()
    }

    /// Whether a write to `regions` leaves out one that was read.
    #[must_use]
    pub fn leaves(&self, regions: Mask) -> bool {
        !self.read().minus(regions).is_empty()
    }

    /// What `rev` must rise by in `region`, so that it is higher than all that were seen and, if need be, takes over.
    fn step(&self, region: usize, takes_over: bool) -> i64 {
        let behind = self.revs.get(region).copied().flatten().map_or(0, |held| self.rev - held);
        1 + behind + if takes_over { TAKEOVER } else { 0 }
    }

    fn later(&self, now_ms: i64) -> i64 {
        now_ms.max(self.updated_ms.saturating_add(1))
    }

    /// Whether a change of the expiry alone is right in `region`: its copy has the newest data. Elsewhere it would make old data look new.
    #[must_use]
    pub fn may_touch(&self, region: usize) -> bool {
        self.newest.has(region)
    }

    /// What is known after a write to `regions`, in those of `over` as a takeover: the same, and that it was this request's.
    #[must_use]
    pub fn written(&self, regions: Mask, over: Mask, now_ms: i64) -> Self {
        let mut next = self.clone();
        next.updated_ms = self.later(now_ms);
        for region in regions.iter() {
            let rev = self.revs[region].unwrap_or(self.rev) + self.step(region, over.has(region));
            next.revs[region] = Some(rev);
            next.rev = next.rev.max(rev);
        }
        if self.unread {
            (next.base, next.based) = (self.base.or(Some(self.rev)), true);
        }
        next.newest = regions;
        next
    }

    /// The Regions in which a copy was looked for.
    #[must_use]
    pub fn read(&self) -> Mask {
        (0..MAX_REGIONS).filter(|region| self.revs[*region].is_some()).fold(Mask::default(), Mask::with)
    }
}

#[cfg(test)]
#[path = "copies_tests.rs"]
mod tests;
