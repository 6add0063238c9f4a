//! A write and a read in a Region's session table, and how long replication takes.
//!
//! Each pair of (controller's Region, looked-at Region) has an item of its own, which is written in the looked-at Region only: no two
//! Regions ever write the same one. Replication is measured by another one: whoever looks meanwhile would overwrite what is waited for.

use std::time::{Duration, Instant, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use wp_dynamodb_core::aws::translate;
use wp_dynamodb_core::{Error, Kind, Region};

use crate::settings::Settings;
use crate::signal::Signal;

/// How long an item lives that is not written any more.
const LIVES: Duration = Duration::from_secs(86_400);
/// Between two looks for a write that is on its way.
const POLL: Duration = Duration::from_millis(100);

/// Writes and reads.
pub async fn ask(client: &Client, settings: &Settings, region: &Region) -> Signal {
    match tokio::time::timeout(settings.signal_timeout, write_and_read(client, settings, region)).await {
        Ok(Ok(())) => Signal::Ok,
        Ok(Err(error)) => signal(&error),
        Err(_) => Signal::Failed(format!("no answer within {} ms", settings.signal_timeout.as_millis())),
    }
}

/// What a failure says: silence and 5xx are the Region's, rights and names are ours.
fn signal(error: &Error) -> Signal {
    match error.kind {
        Kind::Timeout | Kind::Unavailable => Signal::Failed(error.cause.clone()),
        _ => Signal::Hindered(error.cause.clone()),
    }
}

/// As [`ask`], with the kind of a failure and without the limit.
pub(super) async fn write_and_read(client: &Client, settings: &Settings, region: &Region) -> Result<(), Error> {
    let key = key(settings, region);
    let nonce = write(client, settings, &key).await?;
    match read(client, settings, &key).await? {
        Some(found) if found == nonce => Ok(()),
        // Another invocation of this controller may have written in between: it works.
        Some(_) => Ok(()),
        None => Err(Error::new(Kind::Unavailable, "an item that was just written is not there")),
    }
}

async fn write(client: &Client, settings: &Settings, key: &str) -> Result<String, Error> {
    let nonce = format!("{:016x}", fastrand::u64(..));
    let expires = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + LIVES;
    let update = client
        .update_item()
        .table_name(&settings.table.name)
        .key(&settings.table.hash_key, AttributeValue::S(key.to_owned()))
        .update_expression("SET #nonce = :nonce, #expires = :expires")
        .expression_attribute_names("#nonce", "nonce")
        .expression_attribute_names("#expires", &settings.table.expires)
        .expression_attribute_values(":nonce", AttributeValue::S(nonce.clone()))
        .expression_attribute_values(":expires", AttributeValue::N(expires.as_secs().to_string()));
    update.send().await.map_err(translate)?;
    Ok(nonce)
}

async fn read(client: &Client, settings: &Settings, key: &str) -> Result<Option<String>, Error> {
    let get = client.get_item().table_name(&settings.table.name).key(&settings.table.hash_key, AttributeValue::S(key.to_owned()));
    let item = get.consistent_read(true).send().await.map_err(translate)?.item;
    Ok(item.and_then(|i| i.get("nonce").and_then(|n| n.as_s().ok().cloned())))
}

fn key(settings: &Settings, region: &Region) -> String {
    format!("wp-dynamodb/controller/{}/{region}", settings.policy.home)
}

/// Writes in `from` and waits for it in the own Region: milliseconds; `None` when it has not arrived within `limit`, or could not be
/// written.
pub async fn lag(from_client: &Client, home_client: &Client, settings: &Settings, from: &Region, limit: Duration) -> Option<u64> {
    let arrives = async {
        let key = key(settings, from) + "/lag";
        let nonce = write(from_client, settings, &key).await.ok()?;
        let written = Instant::now();
        loop {
            if read(home_client, settings, &key).await.ok().flatten() == Some(nonce.clone()) {
                return u64::try_from(written.elapsed().as_millis()).ok();
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(limit + settings.signal_timeout, arrives).await.ok().flatten().filter(|ms| u128::from(*ms) <= limit.as_millis())
}
