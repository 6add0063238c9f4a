use proptest::prelude::*;

use super::*;

const NOW: i64 = 20_000;

fn only(region: usize) -> Mask {
    Mask::default().with(region)
}

fn settings() -> Settings {
    Settings::default()
}

fn copy(rev: i64, updated_ms: i64, writer: usize) -> Item {
    Item::from([
        (REV.to_owned(), Attribute::N(rev)),
        (UPDATED_AT.to_owned(), Attribute::N(updated_ms)),
        (WRITER.to_owned(), Attribute::S(settings().regions[writer].to_string())),
    ])
}

fn newest(copies: Vec<(usize, Option<Item>)>) -> Found {
    Found::newest(copies, only(0), &settings(), NOW)
}

/// Writes with what a request has seen, into the copy that lies in `region`.
fn write(seen: &Seen, held: Option<&Item>, region: usize, now_ms: i64) -> Item {
    write_for(seen, held, region, region, now_ms)
}

fn write_for(seen: &Seen, held: Option<&Item>, region: usize, writer: usize, now_ms: i64) -> Item {
    write_among(seen, held, region, writer, Mask::default().with(region), now_ms)
}

/// Writes into the copy in `region` of a write that goes to `regions`.
fn write_among(seen: &Seen, held: Option<&Item>, region: usize, writer: usize, regions: Mask, now_ms: i64) -> Item {
    change(&Update::default(), seen, held, region, writer, regions, now_ms)
}

/// The same with what is changed.
fn change(update: &Update, seen: &Seen, held: Option<&Item>, region: usize, writer: usize, regions: Mask, now_ms: i64) -> Item {
    let update = seen.stamp(
        update,
        region,
        Write { writer, takes_over: seen.takes_over(regions), leaves: seen.leaves(regions), now_ms },
        &settings(),
    );
    let mut item = held.cloned().unwrap_or_default();
    for (name, change) in update.changes {
        match (change, item.get(&name)) {
            (Change::Add(n), Some(Attribute::N(held))) => item.insert(name, Attribute::N(held + n)),
            (Change::Add(n), _) => item.insert(name, Attribute::N(n)),
            (Change::Set(value), _) => item.insert(name, value),
            (Change::Remove, _) => item.remove(&name),
        };
    }
    item
}

#[test]
fn the_copy_with_more_writes_wins_within_the_skew_of_clocks() {
    let found = newest(vec![(0, Some(copy(5, 10_000, 0))), (1, Some(copy(6, 7_000, 0)))]);
    assert_eq!((found.region, found.elsewhere), (1, true));
    assert_eq!(newest(vec![(0, Some(copy(5, 10_001, 0))), (1, Some(copy(5, 10_000, 0)))]).region, 0);
}

#[test]
fn beyond_the_skew_time_decides() {
    let found = newest(vec![(0, Some(copy(9, 10_000, 0))), (1, Some(copy(6, 14_001, 1)))]);
    assert_eq!(found.region, 1);
    assert!(found.superseded.is_some(), "the former had writes that the latter did not know");
}

#[test]
fn a_copy_beats_none_and_the_routes_beats_its_equal() {
    assert_eq!(newest(vec![(0, None), (1, Some(copy(1, 1, 1)))]).region, 1);
    let both = newest(vec![(1, Some(copy(3, 9, 0))), (0, Some(copy(3, 9, 0)))]);
    assert_eq!((both.region, both.elsewhere, both.superseded), (1, false, None));
    assert_eq!(newest(vec![(0, None)]).item, None);
}

#[test]
fn an_ordinary_write_counts_by_one() {
    let held = copy(5, 10_000, 0);
    let found = newest(vec![(0, Some(held.clone()))]);
    assert_eq!(write(&found.seen, Some(&held), 0, 20_000), copy(6, 20_000, 0));
    assert_eq!(write(&Seen::default(), None, 0, 20_000), copy(1, 20_000, 0), "a session nobody has read is new");
    assert_eq!(write(&newest(vec![(0, None)]).seen, None, 0, 20_000), copy(1, 20_000, 0));
}

#[test]
fn a_slow_clock_writes_later_than_what_it_read_all_the_same() {
    let held = copy(5, 10_000, 0);
    let found = newest(vec![(0, Some(held.clone()))]);
    assert_eq!(write(&found.seen, Some(&held), 0, 8_000), copy(6, 10_001, 0));
}

#[test]
fn a_write_in_the_window_is_above_both_copies_in_both_regions() {
    let (old, new) = (copy(9, 10_000, 0), copy(5, 9_000, 0));
    let found = newest(vec![(1, Some(new.clone())), (0, Some(old.clone()))]);
    assert_eq!(found.region, 0);
    for (region, held) in [(0, &old), (1, &new)] {
        let written = write(&found.seen, Some(held), region, 11_000);
        assert_eq!(written[REV], Attribute::N(10), "region {region}");
    }
}

#[test]
fn a_takeover_beats_what_the_lost_region_had_not_replicated() {
    // Region 0 wrote revisions 6 and 7, then was lost; Region 1 has the copy of revision 5. The clocks differ by four seconds.
    let lost = copy(7, 12_000, 0);
    let replica = copy(5, 9_000, 0);
    let found = Found::newest(vec![(1, Some(replica.clone()))], only(0), &settings(), NOW);
    let taken = write(&found.seen, Some(&replica), 1, 8_001);
    let back = newest(vec![(0, Some(lost.clone())), (1, Some(taken.clone()))]);
    assert_eq!(back.item, Some(taken.clone()));
    assert_eq!(back.superseded, Some(0));
    let next = Found::newest(vec![(1, Some(taken.clone()))], only(0), &settings(), NOW);
    let again = write(&next.seen, Some(&taken), 1, 13_000);
    assert_eq!(again[BASE], Attribute::N(5), "what was known before the loss");
    let switched = Found::newest(vec![(1, Some(again.clone()))], only(1), &settings(), NOW);
    let moved = write(&switched.seen, Some(&again), 1, 14_000);
    assert_eq!(moved[BASE], Attribute::N(5), "the parameter has moved, and the copies have not met yet");
    let met = newest(vec![(0, Some(lost)), (1, Some(moved.clone()))]);
    assert_eq!(met.superseded, Some(0));
    assert!(!write_among(&met.seen, Some(&moved), 1, 0, Mask::first(2), 15_000).contains_key(BASE), "they have");
}

#[test]
fn a_takeover_of_all_there_was_supersedes_nothing() {
    let all = copy(5, 9_000, 0);
    let found = Found::newest(vec![(1, Some(all.clone()))], only(0), &settings(), NOW);
    let taken = write(&found.seen, Some(&all), 1, 12_000);
    assert_eq!(newest(vec![(0, Some(all)), (1, Some(taken))]).superseded, None);
}

#[test]
fn a_session_that_was_not_found_takes_over_when_its_region_did_not_answer() {
    let found = Found::newest(vec![(1, None)], only(0), &settings(), NOW);
    assert_eq!(write(&found.seen, None, 1, 1)[REV], Attribute::N(1 + TAKEOVER));
}

#[test]
fn plain_lag_is_not_called_superseded() {
    let found = newest(vec![(1, Some(copy(5, 9_000, 0))), (0, Some(copy(6, 9_500, 0)))]);
    assert_eq!(found.superseded, None);
    let followed = newest(vec![(0, Some(copy(6, 9_500, 0))), (1, Some(copy(7, 9_900, 1)))]);
    assert_eq!(followed.superseded, None, "the newer one counted on from it");
}

#[test]
fn one_write_in_both_regions_supersedes_nothing() {
    // Written in a bridge and replicated: both Regions hold the very same copy.
    let mut taken = copy(1 + TAKEOVER, 9_000, 1);
    taken.insert(BASE.into(), Attribute::N(1));
    assert_eq!(newest(vec![(0, Some(taken.clone())), (1, Some(taken.clone()))]).superseded, None);
    // Read in the bridge, written after the return to both Regions, of which one counts differently.
    let mut other = taken.clone();
    other.insert(REV.into(), Attribute::N(3 + 2 * TAKEOVER));
    assert_eq!(newest(vec![(0, Some(other)), (1, Some(taken))]).superseded, None);
}

#[test]
fn a_page_that_reads_before_its_host_follows_is_counted_on_from_in_both_regions() {
    // Read in Region 0, which had not replicated its last write; by the time of the write the host uses Region 1, with a window.
    let (old, replica) = (copy(6, 9_000, 0), copy(5, 8_000, 0));
    let seen = newest(vec![(0, Some(old.clone()))]).seen;
    let both = Mask::first(2);
    let mut regions = [(0, old), (1, replica)].map(|(r, held)| write_among(&seen, Some(&held), r, 1, both, 10_000));
    // Another host has not followed: Region 0 alone.
    let found = newest(vec![(0, Some(regions[0].clone()))]);
    regions[0] = write(&found.seen, Some(&regions[0]), 0, 10_500);
    let found = newest(vec![(1, Some(regions[1].clone())), (0, Some(regions[0].clone()))]);
    assert_eq!((found.region, found.superseded), (0, None));
}

#[test]
fn the_sdks_layout_goes_by_expiry() {
    let sdk = Settings { format: Format::AwsSdk, ..Settings::default() };
    let item = |expires| Item::from([(sdk.expires_attribute.clone(), Attribute::N(expires))]);
    let found = Found::newest(vec![(0, Some(item(10))), (1, Some(item(11)))], only(0), &sdk, NOW);
    assert_eq!(found.region, 1);
    assert_eq!(
        found.seen.stamp(&Update::default(), 0, Write { writer: 0, takes_over: false, leaves: false, now_ms: 1 }, &sdk),
        Update::default(),
        "and is not stamped"
    );
}

#[test]
fn the_sdks_layout_keeps_what_is_destroyed_destroyed() {
    let sdk = Settings { format: Format::AwsSdk, ..Settings::default() };
    let item = |expires, data: Option<&str>| {
        let mut item = Item::from([(sdk.expires_attribute.clone(), Attribute::N(expires))]);
        item.extend(data.map(|data| (sdk.data_attribute.clone(), Attribute::S(data.into()))));
        Some(item)
    };
    let now = NOW / 1000;
    let gone = || item(now, None);
    for (copies, region) in [
        (vec![(0, item(now + 900, Some("a"))), (1, gone())], 1),
        (vec![(1, gone()), (0, item(now + 900, Some("a")))], 1),
        // An empty session of the SDK has no data either, but an expiry ahead of it.
        (vec![(0, item(now + 900, Some("a"))), (1, item(now + 1, None))], 0),
    ] {
        assert_eq!(Found::newest(copies, only(0), &sdk, NOW).region, region);
    }
}

#[test]
fn a_second_write_of_the_request_counts_on() {
    let held = copy(5, 10_000, 0);
    let seen = newest(vec![(0, Some(held.clone()))]).seen;
    let first = write(&seen, Some(&held), 0, 20_000);
    let seen = seen.written(Mask::default().with(0), Mask::default(), 20_000);
    assert_eq!(write(&seen, Some(&first), 0, 20_000), copy(7, 20_001, 0));
    assert_eq!(seen.read(), Mask::default().with(0));
}

proptest! {
    /// Two Regions, one session, requests one after the other, on hosts whose clocks are wrong by up to two seconds, with replication that
    /// delivers when it likes. The first Region is preferred. A host that has used the other one reads both when it comes back (the switch
    /// window). Then a read of both Regions finds the last write, always.
    #[test]
    fn a_read_of_both_regions_finds_the_last_write(
        steps in prop::collection::vec((0u8..7, 0usize..2, -2000i64..2000, 1i64..1500), 1..60),
    ) {
        let mut regions: [Option<Item>; 2] = [None, None];
        let (mut now, mut last, mut away): (i64, Option<String>, bool) = (1_000_000, None, false);
        let held = |item: &Option<Item>| match item.as_ref().and_then(|item| item.get("data")) {
            Some(Attribute::S(data)) => Some(data.clone()),
            _ => None,
        };
        for (number, (step, region, skew, pause)) in steps.into_iter().enumerate() {
            now += pause;
            let clock = now + skew;
            let read = |asked: &[usize]| {
                Found::newest(asked.iter().map(|r| (*r, regions[*r].clone())).collect(), only(0), &settings(), NOW)
            };
            let both = read(&[region, 1 - region]);
            let whole = |data: &str| Update { changes: [("data".to_owned(), Change::Set(Attribute::S(data.into())))].into(), ..Update::default() };
            let new = number.to_string();
            let to = |update: &Update, seen: &Seen, r: usize, writer: usize, among: Mask| {
                Some(change(update, seen, regions[r].as_ref(), r, writer, among, clock))
            };
            match step {
                // In the window: reads and writes both.
                0 => {
                    regions = [0, 1].map(|r| to(&whole(&new), &both.seen, r, region, Mask::first(2)));
                    prop_assert_eq!(&regions[0], &regions[1]);
                    (last, away) = (Some(new), false);
                }
                // All is well: the preferred Region alone.
                1 if !away => {
                    regions[0] = to(&whole(&new), &read(&[0]).seen, 0, 0, only(0));
                    last = Some(new);
                }
                // A bridge: the other Region alone.
                2 => {
                    regions[1] = to(&whole(&new), &read(&[1]).seen, 1, 1, only(1));
                    (last, away) = (Some(new), true);
                }
                // In the window, but one of the writes fails.
                3 => {
                    regions[region] = to(&whole(&new), &both.seen, region, region, only(region));
                    (last, away) = (Some(new), region == 1);
                }
                // A page reads before its host follows a switch, and writes after it to both.
                4 if !away => {
                    let found = read(&[0]);
                    regions = [0, 1].map(|r| to(&whole(&new), &found.seen, r, 1, Mask::first(2)));
                    last = Some(new);
                }
                // In the window: a page that changes nothing moves the expiry.
                5 if last.is_some() => {
                    let part = Update::default();
                    let all = whole(&held(&both.item).unwrap_or_default());
                    regions = [0, 1].map(|r| {
                        to(if both.seen.may_touch(r) { &part } else { &all }, &both.seen, r, region, Mask::first(2))
                    });
                    away = false;
                }
                // Replication catches up: the last writer wins.
                _ => {
                    let newest = read(&[0, 1]).item;
                    regions = [newest.clone(), newest];
                    away = false;
                }
            }
            let found = newest(vec![(0, regions[0].clone()), (1, regions[1].clone())]);
            prop_assert_eq!(held(&found.item), last.clone(), "after step {}", step);
        }
    }
}
