use std::collections::HashMap;
use std::sync::Mutex;

use super::*;
use crate::Settings;
use crate::config::Failover;
use crate::metrics::RoutingEvent;
use crate::region::Region;
use crate::region::breaker_cell::Sort;
use crate::region::shared;
use crate::store::copies::{Found, GONE, REV, Seen};
use crate::store::memory::Memory;
use crate::store::{Attribute, Change, Item, Key, Lock, Reply, Update, Writing};

/// What a Region does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    Work,
    Fail(Kind),
    /// Fails so many times, then works.
    FailFor(usize, Kind),
    /// Fails the first call in one way, later ones in another.
    FailThen(Kind, Kind),
    Hang,
    /// Carries the call out and never answers.
    HangAfter,
    /// The same, but only the first call.
    HangAfterOnce,
    /// Works after so many milliseconds.
    Late(u64),
}

/// Two Regions in memory that do what they are told.
#[derive(Default)]
struct Regions {
    memory: Memory,
    does: Mutex<HashMap<Region, Does>>,
    calls: Mutex<Vec<(Region, &'static str)>>,
    /// How long credentials are waited for.
    ready_after: Mutex<Duration>,
}

impl Regions {
    fn behave<'a, T: Send + 'a>(
        &'a self,
        region: &Region,
        call: &'static str,
        work: impl FnOnce() -> Reply<'a, T> + Send + 'a,
    ) -> Reply<'a, T> {
        self.calls.lock().expect("unpoisoned").push((region.clone(), call));
        let mut does = self.does.lock().expect("unpoisoned");
        let told = does.get(region).copied().unwrap_or(Does::Work);
        if let Does::FailFor(times, kind) = told {
            does.insert(region.clone(), if times > 1 { Does::FailFor(times - 1, kind) } else { Does::Work });
        }
        if told == Does::HangAfterOnce {
            does.insert(region.clone(), Does::Work);
        }
        if let Does::FailThen(_, later) = told {
            does.insert(region.clone(), Does::Fail(later));
        }
        drop(does);
        Box::pin(async move {
            match told {
                Does::Work => work().await,
                Does::Fail(kind) | Does::FailFor(_, kind) | Does::FailThen(kind, _) => Err(Error::new(kind, "told to fail")),
                Does::Hang => std::future::pending().await,
                Does::HangAfter | Does::HangAfterOnce => {
                    let _ = work().await;
                    std::future::pending().await
                }
                Does::Late(ms) => {
                    tokio::time::sleep(Duration::from_millis(ms)).await;
                    work().await
                }
            }
        })
    }
}

impl Store for Regions {
    fn ready(&self) -> Reply<'_, ()> {
        let wait = *self.ready_after.lock().expect("unpoisoned");
        Box::pin(async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            Ok(())
        })
    }
    fn get<'a>(&'a self, region: &'a Region, key: &'a Key, consistent: bool) -> Reply<'a, Option<Item>> {
        self.behave(region, "GetItem", move || self.memory.get(region, key, consistent))
    }
    fn update<'a>(&'a self, region: &'a Region, key: &'a Key, update: &'a Update) -> Reply<'a, ()> {
        self.behave(region, "UpdateItem", move || self.memory.update(region, key, update))
    }
    fn lock<'a>(&'a self, region: &'a Region, key: &'a Key, lock: &'a Lock) -> Reply<'a, Item> {
        self.behave(region, "UpdateItem", move || self.memory.lock(region, key, lock))
    }
    fn delete<'a>(&'a self, region: &'a Region, key: &'a Key, holds: Option<&'a str>) -> Reply<'a, ()> {
        self.behave(region, "DeleteItem", move || self.memory.delete(region, key, holds))
    }
}

const ATTEMPT: Duration = Duration::from_millis(700);
pub(super) const REQUEST: Duration = Duration::from_secs(2);
pub(super) const EAST: usize = 0;
pub(super) const WEST: usize = 1;

/// A host in the first of two Regions. tokio's clock is paused: it moves when all wait.
pub(super) struct Bench {
    pub(super) caller: Caller,
    store: Arc<Regions>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let store = Arc::new(Regions::default());
        let host = Host { settings: Arc::new(settings), slot: shared::private(), environment: Some(EAST) };
        let breakers = Breakers::new(host.clone(), Arc::<Regions>::clone(&store));
        Bench { caller: Caller::new(host, Arc::<Regions>::clone(&store), breakers), store }
    }

    fn region(&self, index: usize) -> &Region {
        &self.caller.host.settings.regions[index]
    }

    pub(super) fn tell(&self, index: usize, does: Does) {
        self.store.does.lock().expect("unpoisoned").insert(self.region(index).clone(), does);
    }

    /// The calls since the last look, as `east GetItem`.
    pub(super) fn calls(&self) -> Vec<String> {
        let calls = std::mem::take(&mut *self.store.calls.lock().expect("unpoisoned"));
        let name = |region: &Region| if region == self.region(EAST) { "east" } else { "west" };
        calls.into_iter().map(|(region, call)| format!("{} {call}", name(&region))).collect()
    }

    pub(super) fn put(&self, index: usize, rev: i64, text: &str) {
        let writer = self.region(index).to_string();
        let item = Item::from([
            (REV.to_owned(), Attribute::N(rev)),
            ("updated_at".to_owned(), Attribute::N(now_ms())),
            ("writer".to_owned(), Attribute::S(writer)),
            ("data".to_owned(), Attribute::S(text.to_owned())),
        ]);
        self.store.memory.0.lock().expect("unpoisoned").insert((self.region(index).clone(), key()), item);
    }

    pub(super) fn held(&self, index: usize) -> Option<Item> {
        self.store.memory.0.lock().expect("unpoisoned").get(&(self.region(index).clone(), key())).cloned()
    }

    pub(super) fn text(&self, index: usize) -> Option<String> {
        self.held(index).and_then(|item| text(&item))
    }

    async fn read(&self) -> Result<Found, Error> {
        self.caller.read(&key(), Instant::now() + REQUEST).await
    }

    async fn write(&self, text: &str, seen: &Seen) -> Result<Seen, Error> {
        self.caller.write(&key(), &set(text).into(), seen, Instant::now() + REQUEST).await
    }

    /// Moves the expiry alone; the whole item has this text.
    async fn touch(&self, text: &str, seen: &Seen) -> Result<Seen, Error> {
        let touch = crate::session::item::touch(&self.caller.host.settings, 5);
        let writing = Writing { update: touch, whole: Some(set(text)), ..Writing::default() };
        self.caller.write(&key(), &writing, seen, Instant::now() + REQUEST).await
    }

    async fn delete(&self, seen: &Seen) -> Result<(), Error> {
        let gone = crate::session::item::gone(&self.caller.host.settings, 5);
        self.caller.delete(&key(), gone.into(), seen, Instant::now() + REQUEST).await
    }

    fn counted(&self, event: RoutingEvent) -> u64 {
        let counts = self.caller.host.slot.routing.read();
        counts.iter().find(|(name, _)| *name == event.name()).map_or(0, |(_, n)| *n)
    }

    fn is_open(&self, index: usize) -> bool {
        self.caller.host.slot.region(index).breaker.is_open()
    }

    fn open(&self, index: usize) {
        while !self.is_open(index) {
            let _ = self.caller.host.slot.region(index).breaker.record(Sort::Read, true, shared::monotonic_ms());
        }
    }
}

pub(super) fn key() -> Key {
    Key { table: "t".into(), attribute: "k".into(), value: "v".into() }
}

pub(super) fn set(text: &str) -> Update {
    Update { changes: [("data".to_owned(), Change::Set(Attribute::S(text.to_owned())))].into(), ..Update::default() }
}

fn text(item: &Item) -> Option<String> {
    match item.get("data") {
        Some(Attribute::S(text)) => Some(text.clone()),
        _ => None,
    }
}

pub(super) fn shown(found: &Found) -> Option<String> {
    found.item.as_ref().and_then(text)
}

#[tokio::test(start_paused = true)]
async fn an_ordinary_day_is_one_call_each() {
    let bench = Bench::new();
    bench.put(EAST, 1, "here");
    let found = bench.read().await.expect("read");
    assert_eq!(shown(&found).as_deref(), Some("here"));
    bench.write("new", &found.seen).await.expect("written");
    bench.delete(&found.seen).await.expect("deleted");
    assert_eq!(bench.calls(), ["east GetItem", "east UpdateItem", "east DeleteItem"]);
    assert_eq!(bench.caller.host.slot.window().regions, Mask::default());
}

#[tokio::test(start_paused = true)]
async fn a_failed_read_goes_to_the_next_region() {
    for fault in [Does::Fail(Kind::Unavailable), Does::Fail(Kind::Timeout), Does::Hang] {
        let bench = Bench::new();
        bench.put(WEST, 1, "copy");
        bench.tell(EAST, fault);
        let began = Instant::now();
        let found = bench.read().await.expect("read");
        assert_eq!((shown(&found).as_deref(), found.region), (Some("copy"), WEST));
        assert!(began.elapsed() <= ATTEMPT + Duration::from_millis(1), "{fault:?} took {:?}", began.elapsed());
        assert_eq!(bench.counted(RoutingEvent::Bridged), 1);
        assert!(found.seen.failed.has(EAST));
    }
}

#[tokio::test(start_paused = true)]
async fn a_quick_failure_gets_a_second_try_in_its_region() {
    let bench = Bench::new();
    bench.put(EAST, 2, "here");
    bench.put(WEST, 1, "old copy");
    bench.tell(EAST, Does::FailFor(1, Kind::Unavailable));
    let found = bench.read().await.expect("read");
    assert_eq!(shown(&found).as_deref(), Some("here"), "a blip is no reason to take a copy");
    assert_eq!(bench.calls()[..2], ["east GetItem", "east GetItem"]);
    assert_eq!(bench.counted(RoutingEvent::Bridged), 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_read_asks_a_second_region_and_still_takes_the_first_ones_answer() {
    let bench = Bench::new();
    bench.put(EAST, 2, "here");
    bench.put(WEST, 1, "old copy");
    bench.tell(EAST, Does::Late(400));
    let found = bench.read().await.expect("read");
    assert_eq!(shown(&found).as_deref(), Some("here"));
    assert_eq!((bench.counted(RoutingEvent::Hedged), bench.counted(RoutingEvent::Bridged)), (1, 0));
    assert!(bench.calls().contains(&"west GetItem".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn nothing_found_beside_a_late_region_is_not_believed() {
    let bench = Bench::new();
    bench.put(EAST, 1, "not copied yet");
    bench.tell(EAST, Does::Late(600));
    assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("not copied yet"));
}

#[tokio::test(start_paused = true)]
async fn hedges_are_a_share_of_the_reads() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Late(400));
    for _ in 0..500 {
        bench.read().await.expect("read");
    }
    let hedged = bench.counted(RoutingEvent::Hedged);
    // The checks of the suspected Region, and the hedges themselves, are reads, too.
    let reads = bench.calls().len() as u64;
    assert!(hedged > 32 && hedged <= 32 + reads / 10, "{hedged} of 500 reads, {reads} in all");
}

#[tokio::test(start_paused = true)]
async fn writes_are_never_hedged() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Late(600));
    bench.write("new", &Seen::default()).await.expect("written");
    assert_eq!(bench.calls().iter().filter(|call| call.ends_with("UpdateItem")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_write_goes_to_the_next_region_and_the_next_read_finds_it() {
    for fault in [Does::Fail(Kind::Unavailable), Does::Hang, Does::HangAfter] {
        let bench = Bench::new();
        bench.put(EAST, 1, "before");
        let found = bench.read().await.expect("read");
        bench.tell(EAST, fault);
        let began = Instant::now();
        bench.write("after", &found.seen).await.expect("written");
        assert!(began.elapsed() <= ATTEMPT + Duration::from_millis(1), "{fault:?}");
        assert_eq!(bench.text(WEST).as_deref(), Some("after"));
        bench.tell(EAST, Does::Work);
        assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("after"), "both are asked: {fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_wait_twice_for_the_same_region() {
    let bench = Bench::new();
    bench.put(WEST, 1, "copy");
    bench.tell(EAST, Does::Hang);
    let found = bench.read().await.expect("read");
    let began = Instant::now();
    bench.write("new", &found.seen).await.expect("written");
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(bench.text(WEST).as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn silence_opens_the_breaker_without_more_requests() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Hang);
    let began = Instant::now();
    bench.read().await.expect("the other Region says there is none");
    while !bench.is_open(EAST) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    bench.calls();
    let began = Instant::now();
    bench.read().await.expect("read");
    assert_eq!((began.elapsed(), bench.calls()), (Duration::ZERO, vec!["west GetItem".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_region_whose_breaker_has_opened() {
    let bench = Bench::new();
    bench.put(WEST, 1, "copy");
    bench.tell(EAST, Does::Hang);
    let began = Instant::now();
    let opens = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        bench.open(EAST);
    };
    let unseen = Seen::default();
    let (read, written, ()) = tokio::join!(bench.read(), bench.write("new", &unseen), opens);
    assert!(read.is_ok() && written.is_ok());
    assert!(began.elapsed() < Duration::from_millis(300) + 2 * LOOK, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_no_outage_stay_in_their_region() {
    for kind in [Kind::Access, Kind::NotFound, Kind::Config] {
        let bench = Bench::new();
        bench.put(WEST, 1, "copy");
        bench.tell(EAST, Does::Fail(kind));
        for _ in 0..25 {
            assert_eq!(bench.read().await.unwrap_err().kind, kind);
            assert_eq!(bench.write("new", &Seen::default()).await.unwrap_err().kind, kind);
        }
        assert!(!bench.is_open(EAST));
        assert!(bench.calls().iter().all(|call| call.starts_with("east")));
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_out_until_the_deadline_and_moves_nothing() {
    let bench = Bench::new();
    bench.put(EAST, 1, "here");
    bench.tell(EAST, Does::FailFor(5, Kind::Throttled));
    assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("here"));
    bench.tell(EAST, Does::Fail(Kind::Throttled));
    let began = Instant::now();
    let error = bench.read().await.unwrap_err();
    assert_eq!(error.kind, Kind::Throttled, "the cause, not the clock: {error}");
    let took = began.elapsed();
    assert!(took > REQUEST - Duration::from_millis(700) && took <= REQUEST, "{took:?}");
    assert!(bench.calls().iter().all(|call| call.starts_with("east")) && !bench.is_open(EAST));
}

#[tokio::test(start_paused = true)]
async fn a_following_host_stays_and_tries_again() {
    let bench = Bench::with(Settings { failover: Failover::Follow, ..Settings::default() });
    bench.put(EAST, 1, "here");
    bench.tell(EAST, Does::FailFor(2, Kind::Unavailable));
    assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("here"));
    bench.tell(EAST, Does::Fail(Kind::Unavailable));
    bench.read().await.unwrap_err();
    bench.write("new", &Seen::default()).await.unwrap_err();
    assert!(bench.calls().iter().all(|call| call.starts_with("east")));
}

#[tokio::test(start_paused = true)]
async fn with_no_region_left_the_error_tells_of_both() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Hang);
    bench.tell(WEST, Does::Fail(Kind::Unavailable));
    let began = Instant::now();
    let error = bench.read().await.unwrap_err().to_string();
    assert!(error.contains("us-east-1") && error.contains("us-west-2") && error.contains("told to fail"), "{error}");
    let error = bench.write("new", &Seen::default()).await.unwrap_err().to_string();
    assert!(error.contains("us-west-2"), "{error}");
    assert!(began.elapsed() <= 2 * REQUEST);
}

#[tokio::test(start_paused = true)]
async fn the_window_reads_and_writes_both_regions() {
    let bench = Bench::new();
    bench.put(EAST, 5, "old");
    bench.put(WEST, 6, "newest, not copied yet");
    bench.caller.host.widen(Mask::default().with(WEST));
    let found = bench.read().await.expect("read");
    assert_eq!(shown(&found).as_deref(), Some("newest, not copied yet"));
    bench.write("next", &found.seen).await.expect("written");
    for region in [EAST, WEST] {
        let held = bench.held(region).expect("stored");
        assert_eq!((text(&held).as_deref(), &held[REV]), (Some("next"), &Attribute::N(7)));
    }
    assert_eq!(bench.counted(RoutingEvent::Doubled), 1);
}

#[tokio::test(start_paused = true)]
async fn in_the_window_one_regions_answer_is_enough() {
    for (broken, whole) in [(EAST, WEST), (WEST, EAST)] {
        let bench = Bench::new();
        bench.put(whole, 3, "whole");
        bench.tell(broken, Does::Hang);
        bench.caller.host.widen(Mask::first(2));
        let found = bench.read().await.expect("read");
        assert_eq!(shown(&found).as_deref(), Some("whole"));
        bench.write("next", &found.seen).await.expect("written");
        assert_eq!(bench.text(whole).as_deref(), Some("next"));
    }
}

#[tokio::test(start_paused = true)]
async fn in_the_window_a_session_that_is_destroyed_stays_so() {
    let bench = Bench::new();
    bench.put(EAST, 5, "old");
    bench.put(WEST, 6, "new");
    bench.caller.host.widen(Mask::default().with(WEST));
    let found = bench.read().await.expect("read");
    bench.delete(&found.seen).await.expect("deleted");
    // A host that knows nothing of it stores once more what it had read; both copies meet again.
    bench.put(EAST, 6, "a late copy");
    let after = bench.read().await.expect("read");
    assert_eq!(after.item.as_ref().map(|item| item["fmt"].clone()), Some(Attribute::S(GONE.into())));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_while_the_region_is_lost_outlives_its_return() {
    let bench = Bench::new();
    bench.put(EAST, 7, "logged in");
    bench.put(WEST, 5, "logged in");
    bench.tell(EAST, Does::Fail(Kind::Unavailable));
    let found = bench.read().await.expect("read");
    bench.delete(&found.seen).await.expect("deleted");
    bench.tell(EAST, Does::Work);
    bench.caller.host.widen(Mask::default().with(WEST));
    let after = bench.read().await.expect("read");
    assert_eq!(shown(&after), None);
    assert_eq!(after.superseded, Some(EAST), "the lost Region had written what the deletion did not know");
    assert_eq!(bench.counted(RoutingEvent::Superseded), 1);
}

#[tokio::test(start_paused = true)]
async fn a_region_that_cannot_stand_in_is_said_once() {
    let bench = Bench::new();
    bench.put(EAST, 1, "here");
    bench.tell(WEST, Does::Fail(Kind::NotFound));
    bench.caller.host.widen(Mask::default().with(WEST));
    for _ in 0..3 {
        assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("here"));
    }
    let notices = bench.caller.host.slot.notices.take();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].contains("us-west-2 cannot stand in") && notices[0].contains("create table"), "{notices:?}");
}

#[tokio::test(start_paused = true)]
async fn leaving_and_returning_is_said_once_each() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Hang);
    for _ in 0..5 {
        bench.read().await.expect("read");
    }
    let notices = bench.caller.host.slot.notices.take();
    assert_eq!(notices.len(), 1, "{notices:?}");
    for part in ["us-east-1 is lost", "failures in a row", "no answer in time", "uses us-west-2"] {
        assert!(notices[0].contains(part), "{part} in {}", notices[0]);
    }
    assert_eq!((bench.counted(RoutingEvent::Left), bench.caller.host.route().region), (1, WEST));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_certainly_not_done_and_what_is_not_answered_may_be() {
    for kind in [Kind::Access, Kind::NotFound, Kind::Config, Kind::Throttled] {
        let bench = Bench::new();
        bench.tell(EAST, Does::Fail(kind));
        assert!(!bench.write("new", &Seen::default()).await.unwrap_err().may_be_done(), "{kind:?}");
        assert!(!bench.delete(&Seen::default()).await.unwrap_err().may_be_done(), "{kind:?}");
    }
    let bench = Bench::with(Settings { failover: Failover::Follow, ..Settings::default() });
    bench.tell(EAST, Does::HangAfter);
    assert!(bench.write("new", &Seen::default()).await.unwrap_err().may_be_done());
    // The first try may have been carried out, the next ones are refused.
    let bench = Bench::with(Settings { failover: Failover::Follow, ..Settings::default() });
    bench.tell(EAST, Does::FailThen(Kind::Unavailable, Kind::Throttled));
    let error = bench.write("new", &Seen::default()).await.unwrap_err();
    assert!(error.kind == Kind::Throttled && error.may_be_done(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_here_may_be_stored_in_the_window_s_other_region() {
    let bench = Bench::new();
    bench.caller.host.widen(Mask::default().with(WEST));
    bench.tell(EAST, Does::Fail(Kind::Access));
    bench.tell(WEST, Does::Late(50));
    assert!(bench.write("new", &Seen::default()).await.unwrap_err().may_be_done());
}

#[tokio::test(start_paused = true)]
async fn a_region_that_refuses_is_said_once_and_stands_in_the_status() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Fail(Kind::Access));
    for _ in 0..3 {
        bench.read().await.unwrap_err();
    }
    let slot = bench.caller.host.slot;
    let notices = slot.notices.take();
    assert_eq!(notices.len(), 1, "{notices:?}");
    for part in ["us-east-1 refuses calls", "allow dynamodb:GetItem", "no other Region is used for that"] {
        assert!(notices[0].contains(part), "{part} in {}", notices[0]);
    }
    let failure = slot.region(EAST).failure.read().expect("noted");
    assert!(failure.kind == Kind::Access && failure.message.contains("allow dynamodb:GetItem on table"), "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stand_in_without_rights_is_found_out_before_it_is_needed() {
    let bench = Bench::new();
    bench.tell(WEST, Does::Fail(Kind::Access));
    let slot = bench.caller.host.slot;
    for (now, looks, said) in [(1, 0, 0), (50_000, 0, 0), (61_000, 1, 1), (62_000, 0, 0), (361_000, 1, 0)] {
        bench.caller.breakers.look_around(now);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!((bench.calls().len(), slot.notices.take().len()), (looks, said), "at {now} ms");
    }
    assert!(slot.notices.recent()[0].contains("us-west-2 cannot stand in for other Regions"), "{:?}", slot.notices.recent());
    let follows = Bench::with(Settings { failover: Failover::Follow, ..Settings::default() });
    for now in [1, 61_000] {
        follows.caller.breakers.look_around(now);
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(follows.calls().len(), 0, "it has no use for a stand-in");
}

#[tokio::test(start_paused = true)]
async fn the_first_region_that_answers_again_stands_in_until_the_preferred_one_is_back() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Hang);
    bench.tell(WEST, Does::Hang);
    for _ in 0..3 {
        bench.read().await.unwrap_err();
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(bench.is_open(EAST) && bench.is_open(WEST));
    let slot = bench.caller.host.slot;
    let notices = slot.notices.take();
    assert!(notices.len() == 2 && notices[1].starts_with("error: ") && notices[1].contains("no other Region"), "{notices:?}");
    // Only its hold-down is long over.
    let breaker = &slot.region(WEST).breaker;
    let due = breaker.read().since_ms + breaker.read().hold_ms();
    for _ in 0..2 {
        bench.caller.breakers.probed(WEST, &Ok(()), due);
    }
    let notices = slot.notices.take();
    assert!(notices.len() == 1 && notices[0].ends_with("this host uses us-west-2 until us-east-1 is back"), "{notices:?}");
    assert_eq!((bench.counted(RoutingEvent::Left), bench.counted(RoutingEvent::Returned)), (1, 0));
    let breaker = &slot.region(EAST).breaker;
    let due = breaker.read().since_ms + breaker.read().hold_ms();
    for _ in 0..2 {
        bench.caller.breakers.probed(EAST, &Ok(()), due);
    }
    assert!(slot.notices.take()[0].ends_with("this host is back there from us-west-2"));
    assert_eq!((bench.counted(RoutingEvent::Left), bench.counted(RoutingEvent::Returned)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_preferred_region_that_answers_first_is_used_again() {
    let bench = Bench::new();
    bench.open(EAST);
    bench.open(WEST);
    let slot = bench.caller.host.slot;
    let breaker = &slot.region(EAST).breaker;
    let due = breaker.read().since_ms + breaker.read().hold_ms();
    for _ in 0..2 {
        bench.caller.breakers.probed(EAST, &Ok(()), due);
    }
    assert!(slot.notices.take()[0].ends_with("this host uses it again"));
    assert_eq!(bench.counted(RoutingEvent::Returned), 1);
}

#[tokio::test(start_paused = true)]
async fn moving_the_expiry_does_not_make_an_old_copy_new() {
    let bench = Bench::new();
    bench.put(EAST, 6, "old");
    bench.put(WEST, 7, "new");
    bench.caller.host.widen(Mask::default().with(WEST));
    let found = bench.read().await.expect("read");
    bench.touch("new", &found.seen).await.expect("touched");
    assert_eq!((bench.text(EAST).as_deref(), bench.text(WEST).as_deref()), (Some("new"), Some("new")));
    // A Region that was not read may have any copy.
    let bench = Bench::new();
    bench.put(EAST, 7, "new");
    bench.put(WEST, 6, "old");
    let found = bench.read().await.expect("read");
    bench.tell(EAST, Does::Hang);
    bench.touch("new", &found.seen).await.expect("touched");
    assert_eq!(bench.text(WEST).as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn copies_that_are_alike_are_only_touched() {
    let bench = Bench::new();
    bench.put(EAST, 7, "same");
    bench.put(WEST, 7, "same");
    bench.caller.host.widen(Mask::default().with(WEST));
    let found = bench.read().await.expect("read");
    bench.touch("not written", &found.seen).await.expect("touched");
    assert_eq!((bench.text(EAST).as_deref(), bench.text(WEST).as_deref()), (Some("same"), Some("same")));
    let expiry = |index| bench.held(index).and_then(|item| item.get("expires").cloned());
    assert_eq!((expiry(EAST), expiry(WEST)), (Some(Attribute::N(5)), Some(Attribute::N(5))));
}

#[tokio::test(start_paused = true)]
async fn a_logout_while_the_stand_in_is_lost_outlives_its_return() {
    let bench = Bench::new();
    bench.put(EAST, 3, "in");
    bench.put(WEST, 3, "in");
    bench.open(WEST);
    let found = bench.read().await.expect("read");
    bench.delete(&found.seen).await.expect("deleted");
    let breaker = &bench.caller.host.slot.region(WEST).breaker;
    let due = breaker.read().since_ms + breaker.read().hold_ms();
    for _ in 0..2 {
        bench.caller.breakers.probed(WEST, &Ok(()), due);
    }
    let after = bench.read().await.expect("read");
    assert_eq!(shown(&after), None, "logged out stays logged out");
    assert!(!bench.caller.host.beside(EAST, &bench.caller.host.view()).is_empty(), "both were asked");
}

#[tokio::test(start_paused = true)]
async fn a_blip_of_the_hedge_does_not_use_up_the_second_region() {
    let bench = Bench::new();
    bench.put(WEST, 1, "copy");
    bench.tell(EAST, Does::Hang);
    bench.tell(WEST, Does::FailFor(2, Kind::Unavailable));
    assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("copy"));
}

#[tokio::test(start_paused = true)]
async fn a_blip_beside_a_write_does_not_use_up_the_second_region() {
    let bench = Bench::new();
    bench.caller.host.widen(Mask::default().with(WEST));
    bench.tell(EAST, Does::Hang);
    bench.tell(WEST, Does::FailFor(2, Kind::Unavailable));
    bench.write("new", &Seen::default()).await.expect("written");
    assert_eq!(bench.text(WEST).as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_blip_of_the_windows_region_is_forgiven() {
    let bench = Bench::new();
    bench.put(EAST, 5, "old");
    bench.put(WEST, 6, "new");
    bench.caller.host.widen(Mask::default().with(WEST));
    for kind in [Kind::Unavailable, Kind::Throttled] {
        bench.tell(WEST, Does::FailFor(1, kind));
        assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("new"), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_in_the_window_is_taken_over() {
    let bench = Bench::new();
    bench.put(EAST, 5, "old");
    bench.put(WEST, 8, "newer");
    bench.caller.host.widen(Mask::default().with(WEST));
    bench.tell(WEST, Does::Fail(Kind::Unavailable));
    let found = bench.read().await.expect("read");
    assert_eq!(shown(&found).as_deref(), Some("old"));
    bench.tell(WEST, Does::Work);
    bench.write("written", &found.seen).await.expect("written");
    let after = bench.read().await.expect("read");
    assert_eq!(shown(&after).as_deref(), Some("written"));
    assert_eq!(after.superseded, Some(WEST), "and it is said that something was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_first_answer_is_lost_may_be_done() {
    let bench = Bench::new();
    bench.put(EAST, 3, "in");
    let found = bench.read().await.expect("read");
    bench.tell(EAST, Does::HangAfter);
    bench.tell(WEST, Does::Fail(Kind::Access));
    let error = bench.delete(&found.seen).await.unwrap_err();
    assert!(error.may_be_done() && error.to_string().contains("us-east-1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn with_every_breaker_open_what_was_written_elsewhere_is_found() {
    let bench = Bench::new();
    bench.put(EAST, 1, "old");
    bench.put(WEST, 1, "old");
    bench.open(EAST);
    bench.open(WEST);
    bench.tell(EAST, Does::Fail(Kind::Unavailable));
    let found = bench.read().await.expect("from the one that answers");
    bench.write("new", &found.seen).await.expect("written there");
    bench.tell(EAST, Does::Work);
    assert_eq!(shown(&bench.read().await.expect("read")).as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn with_no_region_left_the_first_that_answers_is_used_at_once() {
    let bench = Bench::new();
    bench.open(EAST);
    bench.open(WEST);
    bench.caller.breakers.probe();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(bench.calls().len(), 2, "both are probed, long before their hold-down is over");
    let now = shared::monotonic_ms();
    bench.caller.breakers.probed(WEST, &Ok(()), now);
    assert!(!bench.is_open(WEST) && bench.is_open(EAST), "the second good probe");
    bench.caller.breakers.probed(EAST, &Ok(()), now);
    assert!(bench.is_open(EAST), "and now the hold-down counts again");
}

#[tokio::test(start_paused = true)]
async fn a_stand_in_that_does_not_answer_is_found_out_before_it_is_needed() {
    let bench = Bench::new();
    bench.tell(WEST, Does::Fail(Kind::Unavailable));
    for now in [1, 61_000] {
        bench.caller.breakers.look_around(now);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(bench.is_open(WEST));
    assert!(bench.caller.host.slot.notices.recent()[0].contains("cannot bridge to it until it is back"));
}

#[tokio::test(start_paused = true)]
async fn missing_credentials_end_with_the_call_and_are_no_regions_fault() {
    let bench = Bench::new();
    *bench.store.ready_after.lock().expect("unpoisoned") = REQUEST * 10;
    let began = Instant::now();
    let errors = [bench.read().await.unwrap_err(), bench.write("a", &Seen::default()).await.unwrap_err()];
    assert!(errors.iter().all(|error| error.kind == Kind::Config && !error.may_be_done()), "{errors:?}");
    assert!(began.elapsed() <= REQUEST * 2 + ATTEMPT / 10);
    assert_eq!(bench.calls(), Vec::<String>::new(), "nobody was asked");
    assert!(!bench.is_open(EAST) && !bench.is_open(WEST));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_begins_when_the_credentials_have_come() {
    let bench = Bench::new();
    bench.tell(EAST, Does::Late(600));
    *bench.store.ready_after.lock().expect("unpoisoned") = ATTEMPT;
    assert!(bench.write("a", &Seen::default()).await.is_ok(), "600 ms of the Region's own are within an attempt");
    assert_eq!(bench.text(EAST).as_deref(), Some("a"));
    assert_eq!(bench.counted(RoutingEvent::Bridged), 0);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_was_not_there_is_said_to_be_missing_whatever_the_last_look_met() {
    let bench = Bench::new();
    let keys = [key()];
    let deadline = Instant::now() + REQUEST;
    let (answer, ()) = tokio::join!(bench.caller.parts(EAST, &keys, deadline), async {
        tokio::time::sleep(REQUEST - Duration::from_millis(100)).await;
        bench.tell(EAST, Does::Hang);
    });
    let error = answer.unwrap_err();
    assert!(error.kind == Kind::Corrupt && error.cause.contains("is not there"), "{error}");
}
