use super::*;
use crate::call::tests::{Bench, Does, EAST, REQUEST, WEST, key, set, shown};
use crate::store::Writing;

impl Bench {
    async fn lock(&self, token: &str, wait: Duration) -> Result<(Held, Found), Error> {
        self.caller.lock(&key(), token, None, Instant::now() + wait).await
    }

    async fn write_with(&self, held: &Held, text: &str, found: &Found) -> Result<(), Error> {
        let writing = Writing { update: set(text), lock: Some((held.region, held.token.clone())), ..Writing::default() };
        self.caller.write(&key(), &writing, &found.seen, Instant::now() + REQUEST).await.map(|_| ())
    }
}

const SOON: Duration = Duration::from_millis(500);

#[tokio::test(start_paused = true)]
async fn one_after_the_other() {
    let bench = Bench::new();
    bench.put(EAST, 1, "before");
    let (held, found) = bench.lock("a", SOON).await.expect("free");
    assert_eq!(shown(&found).as_deref(), Some("before"));
    assert_eq!(bench.calls(), ["east UpdateItem"], "taking it is the read");
    let error = bench.lock("b", SOON).await.unwrap_err();
    assert!(error.kind == Kind::Locked && error.to_string().contains("session_lock_wait"), "{error}");
    bench.write_with(&held, "after", &found).await.expect("written");
    let (_, found) = bench.lock("b", SOON).await.expect("given back by the write");
    assert_eq!(shown(&found).as_deref(), Some("after"));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_given_back_is_free_and_one_that_was_lost_stays_the_others() {
    let bench = Bench::new();
    let (held, found) = bench.lock("a", SOON).await.expect("a new item, too");
    assert_eq!(shown(&found), None);
    bench.caller.release(&key(), &held).await.expect("released");
    let (other, _) = bench.lock("b", SOON).await.expect("free");
    bench.caller.release(&key(), &held).await.expect("nothing to give back");
    assert!(bench.lock("c", SOON).await.is_err(), "b has it");
    bench.caller.renew(&key(), &other).await.expect("renewed");
    assert_eq!(bench.caller.renew(&key(), &held).await.unwrap_err().kind, Kind::Condition);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_asked_for_again() {
    let bench = Bench::with(crate::Settings { failover: crate::config::Failover::Follow, ..crate::Settings::default() });
    bench.tell(EAST, Does::HangAfterOnce);
    let (held, _) = bench.lock("a", SOON).await.expect("its own token does not keep it out");
    assert_eq!(held.token, "a");
}

#[tokio::test(start_paused = true)]
async fn a_late_owner_writes_nothing() {
    let bench = Bench::with(crate::Settings { lock_ttl: Duration::ZERO, ..crate::Settings::default() });
    bench.put(EAST, 1, "before");
    let (late, found) = bench.lock("late", SOON).await.expect("free");
    // The lease has ended by the clock of the day, which is not paused.
    std::thread::sleep(Duration::from_millis(3));
    let (next, theirs) = bench.lock("next", SOON).await.expect("taken over");
    assert_eq!(bench.write_with(&late, "late", &found).await.unwrap_err().kind, Kind::Condition);
    bench.write_with(&next, "next", &theirs).await.expect("written");
    assert_eq!(bench.text(EAST).as_deref(), Some("next"));
}

#[tokio::test(start_paused = true)]
async fn a_dead_workers_lock_is_taken_over_at_once() {
    let bench = Bench::new();
    bench.lock("dead", SOON).await.expect("free");
    assert!(bench.lock("b", Duration::ZERO).await.is_err());
    let taken = bench.caller.lock(&key(), "b", Some("dead".into()), Instant::now()).await;
    assert!(taken.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_next_region_when_the_first_one_fails() {
    let bench = Bench::new();
    bench.put(WEST, 1, "copy");
    bench.tell(EAST, Does::Fail(Kind::Unavailable));
    let (held, found) = bench.lock("a", SOON).await.expect("from the other one");
    assert_eq!((held.region, shown(&found).as_deref()), (WEST, Some("copy")));
    bench.write_with(&held, "after", &found).await.expect("written");
    assert_eq!(bench.text(WEST).as_deref(), Some("after"));
    assert!(bench.held(WEST).is_some_and(|item| !item.contains_key(LOCK)));
}

#[tokio::test(start_paused = true)]
async fn in_the_window_the_newest_copy_is_read_and_both_are_written() {
    let bench = Bench::new();
    bench.put(EAST, 1, "old");
    bench.put(WEST, 2, "new");
    bench.caller.host.widen(Mask::default().with(WEST));
    let (held, found) = bench.lock("a", SOON).await.expect("free");
    assert_eq!((held.region, shown(&found).as_deref()), (EAST, Some("new")));
    bench.write_with(&held, "after", &found).await.expect("written");
    assert_eq!((bench.text(EAST).as_deref(), bench.text(WEST).as_deref()), (Some("after"), Some("after")));
}
