use std::cell::{Cell, RefCell};

use super::*;
use crate::region::mask::Mask;
use crate::store::copies::Write;
use crate::store::failing::Failing;
use crate::store::memory::Memory;
use crate::store::{Attribute, Item, Store, Writing};

const LIFE: i64 = 1000;

struct Bench {
    settings: Settings,
    region: Region,
    store: Failing<Memory>,
    now: Cell<i64>,
    events: RefCell<Vec<SessionEvent>>,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        Bench {
            settings: Settings::default(),
            region: Region::parse("us-east-1").expect("a Region"),
            store: Failing::new(Memory::default()),
            now: Cell::new(1_700_000_000),
            events: RefCell::default(),
            runtime: tokio::runtime::Builder::new_current_thread().build().expect("a runtime"),
        }
    }

    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.store.calls.lock().expect("unpoisoned"))
    }

    fn fail(&self, kind: Option<Kind>) {
        *self.store.fault.lock().expect("unpoisoned") = kind;
    }

    fn items(&self) -> Vec<Item> {
        self.store.inner.0.lock().expect("unpoisoned").values().cloned().collect()
    }

    /// A request that stores `data` under `id`.
    fn stored(&self, id: &str, data: &[u8]) {
        let mut life = request(id);
        life.read(self, id).expect("read");
        life.write(self, id, data, LIFE, || Superglobal::Empty).expect("written");
        self.calls();
    }
}

impl Items for Bench {
    fn settings(&self) -> &Settings {
        &self.settings
    }
    fn region(&self) -> Region {
        self.region.clone()
    }
    fn now_ms(&self) -> i64 {
        self.now.get() * 1000
    }
    fn get(&self, key: &Key) -> Result<Found, Error> {
        let item = self.runtime.block_on(self.store.get(&self.region, key, true))?;
        Ok(Found::newest(vec![(0, item)], Mask::default().with(0), &self.settings, self.now_ms()))
    }
    fn take(&self, key: &Key) -> Result<Found, Error> {
        self.get(key)
    }
    fn release(&self) {}
    fn get_parts(&self, _region: usize, keys: Vec<Key>) -> Result<Vec<Item>, Error> {
        let part =
            |key: &Key| self.runtime.block_on(self.store.get(&self.region, key, true))?.ok_or_else(|| Error::new(Kind::Corrupt, "gone"));
        keys.iter().map(part).collect()
    }
    fn update(&self, key: &Key, writing: Writing, seen: &Seen) -> Result<Seen, Error> {
        for (key, part) in &writing.parts {
            self.runtime.block_on(self.store.update(&self.region, key, part))?;
        }
        let update = &writing.update;
        let stamped = seen.stamp(update, 0, Write { writer: 0, takes_over: false, leaves: false, now_ms: self.now_ms() }, &self.settings);
        self.runtime.block_on(self.store.update(&self.region, key, &stamped))?;
        Ok(seen.written(Mask::default().with(0), Mask::default(), self.now_ms()))
    }
    fn delete(&self, key: &Key, _gone: &Update, _seen: &Seen) -> Result<(), Error> {
        self.runtime.block_on(self.store.delete(&self.region, key, None))
    }
    fn count(&self, event: SessionEvent) {
        self.events.borrow_mut().push(event);
    }
}

fn request(_id: &str) -> Lifecycle {
    let mut life = Lifecycle::default();
    life.open("PHPSESSID", false);
    life
}

#[test]
fn data_comes_back_byte_for_byte() {
    let bench = Bench::new();
    let data = [0, 255, b'|', 10, 0];
    bench.stored("a", &data);
    assert_eq!(request("a").read(&bench, "a").expect("read"), data);
}

#[test]
fn a_new_id_costs_no_call_until_something_is_stored() {
    let bench = Bench::new();
    let mut life = request("a");
    life.created("a");
    assert!(!life.validate(&bench, "a"), "it is free");
    assert_eq!(life.read(&bench, "a").expect("read"), b"");
    life.write(&bench, "a", b"", LIFE, || Superglobal::Empty).expect("nothing to write");
    life.touch(&bench, "a", b"", LIFE).expect("nothing to touch");
    life.destroy(&bench, "a").expect("nothing to destroy");
    assert_eq!(bench.calls(), [""; 0]);
    assert!(bench.items().is_empty());
}

#[test]
fn strict_mode_reads_once() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    let mut life = request("a");
    assert!(life.validate(&bench, "a"));
    assert_eq!(life.read(&bench, "a").expect("read"), b"x");
    assert_eq!(bench.calls(), ["GetItem"]);
    let mut life = request("b");
    assert!(!life.validate(&bench, "b"), "nobody stored it");
}

#[test]
fn an_outage_burns_no_cookie_and_overwrites_nothing() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    let before = bench.items();
    bench.fail(Some(Kind::Unavailable));
    let mut life = request("a");
    assert!(life.validate(&bench, "a"), "the id stays good");
    assert_eq!(life.read(&bench, "a").unwrap_err().kind, Kind::Unavailable);
    assert_eq!(bench.calls(), ["GetItem"], "the failed answer is not asked for twice");
    bench.fail(None);
    assert_eq!(bench.items(), before);
}

#[test]
fn an_unchanged_session_is_left_alone_while_young() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    for (later, calls) in [(0, vec!["GetItem"]), (100, vec!["GetItem"]), (101, vec!["GetItem", "UpdateItem"])] {
        let start = bench.now.get();
        bench.now.set(start + later);
        let mut life = request("a");
        life.read(&bench, "a").expect("read");
        life.touch(&bench, "a", b"x", LIFE).expect("touched");
        assert_eq!(bench.calls(), calls, "after {later} s");
        bench.now.set(start);
    }
}

#[test]
fn a_session_in_use_never_expires_before_its_lifetime() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    for step in [1, 99, 100, 500, 999, 1000, 1000, 50, 1000] {
        bench.now.set(bench.now.get() + step - 1);
        let mut life = request("a");
        assert_eq!(life.read(&bench, "a").expect("read"), b"x", "after {step} s");
        life.touch(&bench, "a", b"x", LIFE).expect("touched");
    }
    bench.now.set(bench.now.get() + 1101);
    assert_eq!(request("a").read(&bench, "a").expect("read"), b"", "expired");
}

#[test]
fn touching_a_session_that_has_gone_stores_it() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    let mut life = request("a");
    life.read(&bench, "a").expect("read");
    request("a").destroy(&bench, "a").expect("gone");
    bench.now.set(bench.now.get() + 500);
    life.touch(&bench, "a", b"x", LIFE).expect("stored again");
    assert_eq!(request("a").read(&bench, "a").expect("read"), b"x");
}

#[test]
fn a_touch_does_not_bring_back_old_data() {
    let bench = Bench::new();
    bench.stored("a", b"old");
    bench.now.set(bench.now.get() + 500);
    let mut slow = request("a");
    slow.read(&bench, "a").expect("read");
    bench.stored("a", b"new");
    slow.touch(&bench, "a", b"old", LIFE).expect("touched");
    assert_eq!(request("a").read(&bench, "a").expect("read"), b"new");
}

#[test]
fn a_failure_to_encode_does_not_wipe_a_session() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    let mut life = request("a");
    life.read(&bench, "a").expect("read");
    assert_eq!(life.write(&bench, "a", b"", LIFE, || Superglobal::Filled).unwrap_err().kind, Kind::Invalid);
    assert_eq!(request("a").read(&bench, "a").expect("read"), b"x");
    life.write(&bench, "a", b"", LIFE, || Superglobal::Empty).expect("emptied on purpose");
    assert_eq!(request("a").read(&bench, "a").expect("read"), b"");
    assert_eq!(bench.items().len(), 1, "an emptied session is still a session");
}

#[test]
fn a_logout_deletes_what_another_request_stored_meanwhile() {
    let bench = Bench::new();
    let mut leaving = request("a");
    assert_eq!(leaving.read(&bench, "a").expect("read"), b"", "nothing is stored yet");
    bench.stored("a", b"login");
    leaving.destroy(&bench, "a").expect("destroyed");
    assert!(bench.items().is_empty());
}

#[test]
fn an_endless_lifetime_does_not_overflow() {
    let bench = Bench::new();
    let mut life = request("a");
    life.read(&bench, "a").expect("read");
    life.write(&bench, "a", b"x", i64::MAX, || Superglobal::Filled).expect("written");
    life.read(&bench, "a").expect("read");
    life.touch(&bench, "a", b"x", i64::MAX).expect("touched");
}

#[test]
fn an_unset_superglobal_proves_nothing() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    let mut life = request("a");
    life.read(&bench, "a").expect("read");
    assert!(life.write(&bench, "a", b"", LIFE, || Superglobal::Unset).is_err(), "there is something to lose");
    let mut fresh = request("b");
    fresh.read(&bench, "b").expect("read");
    fresh.write(&bench, "b", b"", LIFE, || Superglobal::Unset).expect("there is nothing to lose");
    assert!(fresh.write(&bench, "b", b"", LIFE, || Superglobal::Filled).is_err(), "what cannot be kept is said");
    assert_eq!(bench.items().len(), 1);
}

#[test]
fn a_session_that_was_not_read_is_not_written() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    let mut life = request("a");
    bench.fail(Some(Kind::Unavailable));
    assert!(life.read(&bench, "a").is_err());
    bench.fail(None);
    for data in [&b""[..], b"y"] {
        assert_eq!(life.write(&bench, "a", data, LIFE, || Superglobal::Empty).unwrap_err().kind, Kind::Invalid);
        assert_eq!(life.touch(&bench, "a", data, LIFE).unwrap_err().kind, Kind::Invalid);
    }
    assert_eq!(request("a").read(&bench, "a").expect("read"), b"x");
    life.open("PHPSESSID", false);
    life.read(&bench, "a").expect("read");
    life.write(&bench, "a", b"y", LIFE, || Superglobal::Filled).expect("a new start is a new read");
}

#[test]
fn this_requests_own_ids_stay_valid_before_they_are_stored() {
    let bench = Bench::new();
    let mut life = request("a");
    life.created("a");
    life.read(&bench, "a").expect("read");
    life.close();
    life.open("PHPSESSID", false);
    assert!(life.validate(&bench, "a"), "session_reset, or close and start");
    life.read(&bench, "a").expect("read");
    life.destroy(&bench, "a").expect("gone");
    assert!(!life.validate(&bench, "a"), "destroyed");
}

#[test]
fn damaged_data_is_an_error_and_stays() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    for item in bench.store.inner.0.lock().expect("unpoisoned").values_mut() {
        if let Some(Attribute::B(bytes)) = item.get_mut("data") {
            bytes[20] ^= 1;
        }
    }
    let before = bench.items();
    let mut life = request("a");
    assert!(life.validate(&bench, "a"), "the cookie stays");
    let error = life.read(&bench, "a").unwrap_err();
    assert_eq!(error.kind, Kind::Corrupt);
    assert!(error.to_string().contains("wordpress_sessions") && error.to_string().contains("us-east-1"), "{error}");
    assert_eq!(bench.items(), before);
}

#[test]
fn sessions_of_different_names_are_apart() {
    let bench = Bench::new();
    bench.stored("a", b"x");
    let mut life = Lifecycle::default();
    life.open("OTHER", false);
    assert_eq!(life.read(&bench, "a").expect("read"), b"");
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut noise).expect("noise");
    noise
}

fn found(bench: &Bench, id: &str) -> Vec<u8> {
    request(id).read(bench, id).expect("read")
}

#[test]
fn a_large_session_survives_and_shrinks_again() {
    let bench = Bench::new();
    for bytes in [5_000_000, 400_000, 10, 1_000_000] {
        let data = noise(bytes);
        bench.stored("a", &data);
        assert!(found(&bench, "a") == data, "{bytes} bytes");
    }
}

#[test]
fn a_writer_that_dies_between_parts_leaves_the_old_session() {
    let bench = Bench::new();
    let (old, new) = (noise(1_000_000), noise(1_000_000));
    bench.stored("a", &old);
    // Three parts and the session's item.
    for calls in 0..4 {
        let mut life = request("a");
        life.read(&bench, "a").expect("read");
        *bench.store.good.lock().expect("unpoisoned") = Some(calls);
        assert!(life.write(&bench, "a", &new, LIFE, || Superglobal::Filled).is_err());
        *bench.store.good.lock().expect("unpoisoned") = None;
        assert!(found(&bench, "a") == old, "after {calls} calls");
    }
    bench.stored("a", &new);
    assert!(found(&bench, "a") == new);
}

#[test]
fn who_has_read_the_old_item_finds_its_parts_whatever_is_written() {
    let bench = Bench::new();
    bench.stored("a", &noise(1_000_000));
    let before = bench.items().len();
    bench.stored("a", &noise(1_000_000));
    assert_eq!(bench.items().len(), before + 3, "the older parts are TTL's");
}

#[test]
fn a_missing_part_is_an_error_and_not_an_empty_session() {
    let bench = Bench::new();
    bench.stored("a", &noise(1_000_000));
    bench.store.inner.0.lock().expect("unpoisoned").retain(|(_, key), _| !key.value.ends_with(".1"));
    let mut life = request("a");
    assert_eq!(life.read(&bench, "a").unwrap_err().kind, Kind::Corrupt);
    assert!(life.write(&bench, "a", b"x", LIFE, || Superglobal::Filled).is_err(), "and nothing is written over it");
}

#[test]
fn an_unchanged_large_session_is_stored_anew_when_its_expiry_is_due() {
    let bench = Bench::new();
    let data = noise(1_000_000);
    bench.stored("a", &data);
    bench.now.set(bench.now.get() + LIFE / 2);
    let mut life = request("a");
    let read = life.read(&bench, "a").expect("read");
    life.touch(&bench, "a", &read, LIFE).expect("touched");
    bench.now.set(bench.now.get() + LIFE - 1);
    assert!(found(&bench, "a") == data, "its parts live as long as it does");
}

#[test]
fn what_is_too_large_leaves_the_stored_session_as_it_was() {
    let mut bench = Bench::new();
    bench.settings.max_bytes = 499_999;
    bench.stored("a", b"x");
    let noise = noise(500_000);
    let mut life = request("a");
    life.read(&bench, "a").expect("read");
    assert_eq!(life.write(&bench, "a", &noise, LIFE, || Superglobal::Filled).unwrap_err().kind, Kind::TooLarge);
    assert_eq!(request("a").read(&bench, "a").expect("read"), b"x");
}
