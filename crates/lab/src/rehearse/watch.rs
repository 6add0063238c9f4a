//! What parameters and hosts say, ten times a second.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::time::MissedTickBehavior;

use super::health::Scene;
use crate::drill::http::Http;
use crate::drill::stack::Host;
use crate::drill::watch::look;

const EVERY: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_secs(5);

/// Follows the parameter of every Region for ever. It changed when SSM says so, not when we saw it.
pub async fn parameters(scene: Arc<Scene>, http: Http, control: String) -> Result<()> {
    let mut ticks = ticks();
    let begun_ms = crate::alarm::timestamp::now_ms() as f64;
    loop {
        ticks.tick().await;
        let Ok(status) = http.json(&format!("{control}/status"), TIMEOUT).await else { continue };
        for region in &scene.regions {
            let parameter = &status["regions"][region]["parameter"];
            let value = parameter["value"].as_str().unwrap_or("–");
            let written_ms = parameter["last_modified"].as_f64().map_or(begun_ms, |s| s * 1000.0);
            let at_s = scene.story.clock.of_epoch(written_ms).max(0.0);
            if scene.story.track_at(at_s, &format!("parameter {region}"), value) && at_s > 0.0 {
                scene.story.say_at(at_s, &format!("parameter in {region}"), format!("is {value}"));
            }
        }
    }
}

/// Follows one host for ever: the active Region as it knows it, and the one it uses.
pub async fn host(scene: Arc<Scene>, http: Http, host: Host) -> Result<()> {
    let mut ticks = ticks();
    let region = &host.region;
    loop {
        ticks.tick().await;
        let asked = scene.story.clock.now();
        let Ok(state) = look(&http, &host).await else { continue };
        scene.story.track_at(asked, &format!("host {region} knows"), &state.active);
        if scene.story.track_at(asked, &format!("host {region} uses"), &state.route) {
            scene.story.say_at(asked, &format!("host in {region}"), format!("uses {} ({})", state.route, state.reason));
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks
}
