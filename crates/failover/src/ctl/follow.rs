//! Waits until every Region holds the order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use wp_dynamodb_core::Region;

use crate::answer::reading;
use crate::aws::Aws;
use crate::settings::Settings;
use crate::signal::Look;
use crate::world::World;

/// A Region that has not taken the order by then will not do so soon.
const LIMIT: Duration = Duration::from_secs(15);
/// Between two questions.
const EVERY: Duration = Duration::from_millis(500);

/// Waits until every Region holds `value`. Gives those that do not in the end, with what they hold.
pub(crate) async fn until_all_hold(aws: &Aws<'_>, settings: &Settings, value: &str) -> BTreeMap<Region, String> {
    let bar = ProgressBar::new_spinner();
    let started = Instant::now();
    loop {
        let look = Look { parameters: aws.parameters().await, ..Look::default() };
        let regions = &settings.policy.regions;
        let agrees = |r: &&Region| reading(look.parameters.get(*r)) == value;
        let behind: BTreeMap<Region, String> =
            regions.iter().filter(|r| !agrees(r)).map(|r| (r.clone(), reading(look.parameters.get(r)))).collect();
        if behind.is_empty() || started.elapsed() > LIMIT {
            bar.finish_and_clear();
            return behind;
        }
        let names = behind.keys().map(Region::as_str).collect::<Vec<_>>().join(", ");
        bar.set_message(format!("waiting for {names}, {} s of {} s", started.elapsed().as_secs(), LIMIT.as_secs()));
        bar.tick();
        tokio::time::sleep(EVERY).await;
    }
}
