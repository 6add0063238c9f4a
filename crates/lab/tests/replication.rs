//! Regions agree: after each write operation, after a partition, after anything.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Client, EAST, TABLE, WATCH, WEST, lab, soon, stored};
use proptest::prelude::*;
use serde_json::{Value, json};
use wp_dynamodb_lab::Lab;
use wp_dynamodb_lab::item::Keys;
use wp_dynamodb_lab::replication::State;

fn key(id: &str) -> Value {
    json!({"session_id": {"S": id}})
}

async fn settled(lab: &Lab) {
    soon(lab.replication.settled()).await;
}

fn contents(lab: &Lab, region: &str) -> BTreeMap<String, Value> {
    let items = lab.site(region).unwrap().region.dump(TABLE).unwrap();
    let id = |item: &Value| item["session_id"]["S"].as_str().unwrap().to_owned();
    items.into_iter().map(|item| (id(&item), item)).collect()
}

fn under_way(lab: &Lab) -> u64 {
    let report = lab.replication.report(&lab.config.regions);
    report.pending.iter().map(|link| link.copies).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_operation_is_copied() {
    let lab = lab();
    let mut client = Client::dynamodb(&lab, EAST).await;
    let update = json!({
        "TableName": TABLE, "Key": key("updated"), "UpdateExpression": "SET #v = :v",
        "ExpressionAttributeNames": {"#v": "v"}, "ExpressionAttributeValues": {":v": {"S": "1"}},
    });
    let batch = json!({"RequestItems": {TABLE: [
        {"PutRequest": {"Item": {"session_id": {"S": "batch"}, "v": {"S": "1"}}}},
        {"DeleteRequest": {"Key": key("gone 2")}},
    ]}});
    let transaction = json!({"TransactItems": [
        {"Put": {"TableName": TABLE, "Item": {"session_id": {"S": "transaction"}, "v": {"S": "1"}}}},
        {"Delete": {"TableName": TABLE, "Key": key("gone 3")}},
    ]});
    for id in ["put", "gone 1", "gone 2", "gone 3"] {
        assert!(client.put(id, "1").await);
    }
    let delete = json!({"TableName": TABLE, "Key": key("gone 1")});
    let rest = [("UpdateItem", update), ("DeleteItem", delete), ("BatchWriteItem", batch), ("TransactWriteItems", transaction)];
    for (operation, body) in rest {
        let answer = client.call(operation, body).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.json());
    }
    settled(&lab).await;
    let west = contents(&lab, WEST);
    assert_eq!(west, contents(&lab, EAST));
    assert_eq!(west.keys().collect::<Vec<_>>(), ["batch", "put", "transaction", "updated"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_is_not_copied() {
    let lab = lab();
    let mut client = Client::dynamodb(&lab, EAST).await;
    let update = json!({
        "TableName": TABLE, "Key": key("a"), "UpdateExpression": "SET #v = :v", "ConditionExpression": "attribute_exists(#v)",
        "ExpressionAttributeNames": {"#v": "v"}, "ExpressionAttributeValues": {":v": {"S": "1"}},
    });
    assert_eq!(client.call("UpdateItem", update).await.status, 400);
    assert_eq!(under_way(&lab), 0);
    let report = lab.replication.report(&lab.config.regions);
    assert_eq!((report.applied, report.superseded), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_take_the_lag() {
    let lab = lab();
    lab.replication.set(None, Some(80));
    let start = Instant::now();
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "1").await);
    assert_eq!(stored(&lab, WEST, "a"), None);
    settled(&lab).await;
    assert!(start.elapsed() >= Duration::from_millis(80), "{:?}", start.elapsed());
    assert_eq!(stored(&lab, WEST, "a").as_deref(), Some("1"));
    // A changed lag holds for what is under way as well.
    lab.replication.set(None, Some(3_600_000));
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "2").await);
    assert_eq!(under_way(&lab), 1);
    lab.replication.set(None, Some(0));
    settled(&lab).await;
    assert_eq!(stored(&lab, WEST, "a").as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_copies_back() {
    let lab = lab();
    lab.replication.set(Some(State::Pause), None);
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "1").await);
    tokio::time::sleep(WATCH).await;
    assert_eq!((under_way(&lab), stored(&lab, WEST, "a")), (1, None));
    lab.replication.set(Some(State::Run), None);
    settled(&lab).await;
    assert_eq!(stored(&lab, WEST, "a").as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_partition_the_newest_write_wins() {
    let lab = lab();
    let mut east = Client::dynamodb(&lab, EAST).await;
    let mut west = Client::dynamodb(&lab, WEST).await;
    assert!(east.put("deleted in the west", "1").await);
    settled(&lab).await;
    lab.replication.set(Some(State::Partition), None);
    assert!(east.put("a", "east, first").await);
    assert!(west.put("a", "west, last").await);
    assert!(west.put("b", "west, first").await);
    assert!(east.put("b", "east, last").await);
    assert!(east.put("deleted in the west", "2").await);
    let delete = json!({"TableName": TABLE, "Key": key("deleted in the west")});
    assert_eq!(west.call("DeleteItem", delete).await.status, 200);
    assert_eq!(stored(&lab, EAST, "a").as_deref(), Some("east, first"));
    lab.replication.set(Some(State::Run), None);
    settled(&lab).await;
    for region in [EAST, WEST] {
        assert_eq!(stored(&lab, region, "a").as_deref(), Some("west, last"));
        assert_eq!(stored(&lab, region, "b").as_deref(), Some("east, last"));
        assert_eq!(stored(&lab, region, "deleted in the west"), None);
    }
    assert_eq!(lab.replication.report(&lab.config.regions).superseded, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_can_keep_a_write_local() {
    let lab = lab();
    let region = &lab.site(EAST).unwrap().region;
    region.operate("PutItem", &common::put("a", "1"), true).unwrap();
    region.operate("PutItem", &common::put("b", "1"), false).unwrap();
    settled(&lab).await;
    assert_eq!((stored(&lab, WEST, "a"), stored(&lab, WEST, "b").as_deref()), (None, Some("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_items_go_in_every_region_unless_extended_meanwhile() {
    let lab = lab();
    let region = |name| &lab.site(name).unwrap().region;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let item = |id: &str, expires: u64| json!({"TableName": TABLE, "Item": {"session_id": {"S": id}, "v": {"S": "1"}, "expires": {"N": expires.to_string()}}});
    for (id, expires) in [("dead", now - 10), ("extended", now - 10), ("alive", now + 1000)] {
        region(EAST).operate("PutItem", &item(id, expires), false).unwrap();
    }
    settled(&lab).await;
    lab.replication.set(Some(State::Partition), None);
    region(WEST).operate("PutItem", &item("extended", now + 1000), false).unwrap();
    assert_eq!(lab.sweep_ttl().unwrap(), 3);
    lab.replication.set(Some(State::Run), None);
    settled(&lab).await;
    for name in [EAST, WEST] {
        assert_eq!(contents(&lab, name).keys().collect::<Vec<_>>(), ["alive", "extended"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_created_table_is_replicated_too() {
    let lab = lab();
    lab.create_table("other", &Keys { hash: "id".into(), range: None }, "ttl").unwrap();
    let item = json!({"TableName": "other", "Item": {"id": {"S": "x"}}});
    lab.site(WEST).unwrap().region.operate("PutItem", &item, false).unwrap();
    settled(&lab).await;
    let found = lab.site(EAST).unwrap().region.get("other", &json!({"id": {"S": "x"}})).unwrap();
    assert!(found.is_some());
}

/// One thing that happens to the lab.
#[derive(Debug, Clone)]
enum Event {
    Put { region: usize, id: u8, value: u16 },
    Update { region: usize, id: u8, value: u16 },
    Delete { region: usize, id: u8 },
    Set { state: State, lag_ms: u64 },
    Yield,
}

fn event() -> impl Strategy<Value = Event> {
    let region = || 0..3usize;
    let id = || 0..4u8;
    let state = prop_oneof![Just(State::Run), Just(State::Pause), Just(State::Partition)];
    prop_oneof![
        4 => (region(), id(), any::<u16>()).prop_map(|(region, id, value)| Event::Put { region, id, value }),
        4 => (region(), id(), any::<u16>()).prop_map(|(region, id, value)| Event::Update { region, id, value }),
        3 => (region(), id()).prop_map(|(region, id)| Event::Delete { region, id }),
        2 => (state, 0..4u64).prop_map(|(state, lag_ms)| Event::Set { state, lag_ms }),
        2 => Just(Event::Yield),
    ]
}

/// Plays events on three Regions. The model: an item is what its last write left, in the Region where it was made.
async fn play(events: &[Event]) -> (Arc<Lab>, BTreeMap<String, Value>) {
    let config = wp_dynamodb_lab::Config { regions: ["a-1", "b-1", "c-1"].map(String::from).to_vec(), lag_ms: 0, ..Default::default() };
    let lab = Lab::open(config).unwrap();
    let mut model = BTreeMap::new();
    for event in events {
        let (region, id, operation, mut request) = match event {
            Event::Put { region, id, value } => {
                let item = json!({"session_id": {"S": id.to_string()}, "v": {"N": value.to_string()}});
                (region, id, "PutItem", json!({"Item": item}))
            }
            Event::Update { region, id, value } => {
                let request = json!({
                    "Key": key(&id.to_string()), "UpdateExpression": "SET #w = :w",
                    "ExpressionAttributeNames": {"#w": "w"}, "ExpressionAttributeValues": {":w": {"N": value.to_string()}},
                });
                (region, id, "UpdateItem", request)
            }
            Event::Delete { region, id } => (region, id, "DeleteItem", json!({"Key": key(&id.to_string())})),
            Event::Set { state, lag_ms } => {
                lab.replication.set(Some(*state), Some(*lag_ms));
                continue;
            }
            Event::Yield => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
        };
        request["TableName"] = json!(TABLE);
        let region = &lab.sites()[*region].region;
        region.operate(operation, &request, false).unwrap();
        match region.get(TABLE, &key(&id.to_string())).unwrap() {
            Some(item) => model.insert(id.to_string(), Value::Object(item)),
            None => model.remove(&id.to_string()),
        };
    }
    lab.replication.set(Some(State::Run), Some(0));
    settled(&lab).await;
    (lab, model)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written where, with whatever lag, pause and partition: in the end all Regions hold the last writes.
    #[test]
    fn regions_converge_on_the_last_writes(events in prop::collection::vec(event(), 1..60)) {
        // One thread: nothing runs between a write and the model's reading of it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (lab, model) = play(&events).await;
            for site in lab.sites() {
                prop_assert_eq!(&contents(&lab, &site.region.name), &model, "{}", site.region.name);
            }
            Ok(())
        })?;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_in_all_regions_at_once_converge() {
    let lab = lab();
    let writers: Vec<_> = (0..8u8)
        .map(|n| {
            let lab = lab.clone();
            tokio::spawn(async move {
                let mut client = Client::dynamodb(&lab, if n % 2 == 0 { EAST } else { WEST }).await;
                for m in 0..100 {
                    assert!(client.put(&format!("{}", m % 5), &format!("{n}-{m}")).await);
                }
            })
        })
        .collect();
    for writer in writers {
        soon(writer).await.unwrap();
    }
    settled(&lab).await;
    let east = contents(&lab, EAST);
    assert_eq!(east.len(), 5);
    assert_eq!(east, contents(&lab, WEST));
}
