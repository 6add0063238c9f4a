//! What may wake the Lambda: ticks of the schedule, alarms in the three shapes that AWS has for them, and orders of people.
//!
//! | shape | told by |
//! |---|---|
//! | EventBridge, also of composite alarms | `detail-type` |
//! | SNS | `Records[].Sns.Message`, a text of JSON |
//! | a direct action of the alarm | `alarmData` |
//!
//! An alarm is known by its ARN alone: names are not unique over accounts and Regions, and SNS's `Region` is a display name.

use aws_smithy_types::date_time::{DateTime, Format};
use serde::Deserialize;
use serde_json::Value;
use wp_dynamodb_core::region::parameter::shown;

use crate::memory::Way;
use crate::signal::AlarmState;

/// Why the function was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The schedule.
    Tick,
    /// Alarms changed their state. One as a rule; SNS may deliver several.
    Alarms(Vec<AlarmChange>),
    /// A person, or a person's script.
    Order(Order),
}

/// One alarm's change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmChange {
    /// Its ARN.
    pub arn: String,
    /// Its state now.
    pub state: AlarmState,
    /// When it took that state, in milliseconds since 1970.
    pub at_ms: u64,
}

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What to do.
    pub action: Action,
    /// The Region to go to.
    #[serde(default)]
    pub to: Option<String>,
    /// Who says so; for the audit trail.
    #[serde(default)]
    pub by: Option<String>,
    /// Why.
    #[serde(default)]
    pub why: Option<String>,
    /// Also to a Region that is not well, and against a pin.
    #[serde(default)]
    pub force: bool,
    /// Also tell hosts that use their own Region's table to leave the old one.
    #[serde(default)]
    pub drain: bool,
    /// Nothing is to follow the switch.
    #[serde(default)]
    pub alone: bool,
    /// For `mode`: what is set.
    #[serde(default)]
    pub mode: Option<Way>,
}

/// The orders there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// As the schedule.
    Tick,
    /// Look, and say what would be done; nothing is changed.
    Status,
    /// Try what this controller may do, and keep what comes of it.
    Check,
    /// Move the active Region.
    Switch,
    /// Move it to the preferred Region.
    Failback,
    /// No automatic change of anything until `unpin`.
    Pin,
    /// End of a pin: automatic again.
    Unpin,
    /// `auto` or `manual`.
    Mode,
}

impl Order {
    /// An order without particulars.
    #[must_use]
    pub fn of(action: Action) -> Order {
        Order { action, to: None, by: None, why: None, force: false, drain: false, alone: false, mode: None }
    }
}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    /// When it is none of those above: what was expected, never the event itself (it may be large, and anybody's).
    pub fn read(event: &Value) -> Result<Event, String> {
        // `detail-type` and `Records` before `alarmData`: the envelopes may hold anything.
        if let Some(kind) = event.get("detail-type") {
            return match kind.as_str() {
                Some("CloudWatch Alarm State Change") => bridge(event).map(|a| Event::Alarms(vec![a])),
                Some("Scheduled Event") => Ok(Event::Tick),
                other => Err(format!(
                    "an EventBridge event of the type \"{}\"; wanted is \"CloudWatch Alarm State Change\"",
                    shown(other.unwrap_or("?"))
                )),
            };
        }
        if let Some(records) = event.get("Records") {
            let records = records.as_array().filter(|r| !r.is_empty()).ok_or("\"Records\" without records")?;
            return records.iter().map(notification).collect::<Result<_, _>>().map(Event::Alarms);
        }
        if event.get("alarmData").is_some() {
            return direct(event).map(|a| Event::Alarms(vec![a]));
        }
        if event.get("action").is_some() {
            let order = Order::deserialize(event).map_err(|e| format!("an order that makes no sense: {}", shown(&e.to_string())))?;
            return Ok(if order.action == Action::Tick { Event::Tick } else { Event::Order(order) });
        }
        Err("neither an alarm (direct, EventBridge or SNS) nor an order with \"action\"".to_owned())
    }
}

/// `{"source":"aws.cloudwatch","alarmArn":…,"alarmData":{"state":{"value","timestamp"}}}`
fn direct(event: &Value) -> Result<AlarmChange, String> {
    change(
        text(event, "/alarmArn")?,
        text(event, "/alarmData/state/value")?,
        text(event, "/alarmData/state/timestamp").or_else(|_| text(event, "/time"))?,
    )
}

/// `{"detail-type":"CloudWatch Alarm State Change","resources":[arn],"detail":{"state":{"value","timestamp"}}}`
fn bridge(event: &Value) -> Result<AlarmChange, String> {
    change(
        text(event, "/resources/0")?,
        text(event, "/detail/state/value")?,
        text(event, "/detail/state/timestamp").or_else(|_| text(event, "/time"))?,
    )
}

/// `{"Sns":{"Message":"{\"AlarmArn\":…,\"NewStateValue\":…,\"StateChangeTime\":…}"}}`
fn notification(record: &Value) -> Result<AlarmChange, String> {
    let message = text(record, "/Sns/Message")?;
    let message: Value = serde_json::from_str(message).map_err(|_| "an SNS message that is not the JSON of an alarm".to_owned())?;
    change(text(&message, "/AlarmArn")?, text(&message, "/NewStateValue")?, text(&message, "/StateChangeTime")?)
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, String> {
    value.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("an alarm without {pointer}"))
}

fn change(arn: &str, state: &str, at: &str) -> Result<AlarmChange, String> {
    let state = match state {
        "ALARM" => AlarmState::Alarm,
        "OK" => AlarmState::Ok,
        "INSUFFICIENT_DATA" => AlarmState::Unknown,
        other => return Err(format!("an alarm in the state \"{}\"", shown(other))),
    };
    let at_ms = moment(at).ok_or_else(|| format!("an alarm of the time \"{}\"", shown(at)))?;
    Ok(AlarmChange { arn: arn.to_owned(), state, at_ms })
}

/// CloudWatch writes `2026-11-25T12:00:00.000+0000`, EventBridge's `time` ends in `Z`.
fn moment(text: &str) -> Option<u64> {
    let text = text.strip_suffix("+0000").map_or_else(|| text.to_owned(), |t| format!("{t}Z"));
    let moment = DateTime::from_str(&text, Format::DateTimeWithOffset).ok()?;
    moment.to_millis().ok().and_then(|ms| u64::try_from(ms).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:site";

    fn alarm(at_ms: u64) -> Event {
        Event::Alarms(vec![AlarmChange { arn: ARN.into(), state: AlarmState::Alarm, at_ms }])
    }

    #[test]
    fn the_three_shapes_say_the_same() {
        let a = json!({"source": "aws.cloudwatch", "alarmArn": ARN, "accountId": "111122223333", "time": "2026-11-25T12:00:01.000+0000",
            "region": "us-east-1", "alarmData": {"alarmName": "site", "state": {"value": "ALARM", "timestamp": "2026-11-25T12:00:00.123+0000"},
            "previousState": {"value": "OK"}, "configuration": {}}});
        let b = json!({"version": "0", "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch", "region": "us-east-1",
            "time": "2026-11-25T12:00:01Z", "resources": [ARN], "detail": {"alarmName": "site", "state": {"value": "ALARM",
            "timestamp": "2026-11-25T12:00:00.123+0000"}, "previousState": {"value": "OK"}}});
        let message = json!({"AlarmName": "site", "NewStateValue": "ALARM", "OldStateValue": "OK", "Region": "US East (N. Virginia)",
            "StateChangeTime": "2026-11-25T12:00:00.123+0000", "AlarmArn": ARN, "Trigger": {}});
        let c = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message.to_string()}}]});
        for event in [a, b, c] {
            assert_eq!(Event::read(&event), Ok(alarm(1_795_608_000_123)), "{event}");
        }
    }

    #[test]
    fn ticks_and_orders() {
        assert_eq!(Event::read(&json!({"action": "tick"})), Ok(Event::Tick));
        assert_eq!(Event::read(&json!({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}})), Ok(Event::Tick));
        let Ok(Event::Order(order)) = Event::read(&json!({"action": "switch", "to": "us-west-2", "by": "ann"})) else { panic!("an order") };
        assert_eq!((order.action, order.to.as_deref(), order.force), (Action::Switch, Some("us-west-2"), false));
    }

    #[test]
    fn the_rest_is_refused_without_repeating_it() {
        let long = "x".repeat(256 * 1024);
        for event in [
            json!(null),
            json!([]),
            json!({}),
            json!({"action": "explode"}),
            json!({"action": "switch", "too": "us-west-2"}),
            json!({"action": long}),
            json!({"detail-type": "EC2 Instance State-change Notification"}),
            json!({"detail-type": long}),
            json!({"Records": []}),
            json!({"Records": [{"s3": {}}]}),
            json!({"Records": [{"Sns": {"Message": "hello"}}]}),
            json!({"Records": [{"Sns": {"Message": long}}]}),
            json!({"alarmData": {"state": {"value": "ALARM"}}}),
            json!({"alarmArn": ARN, "alarmData": {"state": {"value": "MAYBE", "timestamp": "2026-11-25T12:00:00Z"}}}),
            json!({"alarmArn": ARN, "alarmData": {"state": {"value": "ALARM", "timestamp": "yesterday"}}}),
        ] {
            let why = Event::read(&event).expect_err("refused");
            assert!(!why.is_empty() && why.len() < 300, "{why}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,200}", pointer in 0..4usize) {
            let event = match pointer {
                0 => json!({"action": text}),
                1 => json!({"detail-type": "CloudWatch Alarm State Change", "resources": [text], "detail": {"state": {"value": text, "timestamp": text}}}),
                2 => json!({"Records": [{"Sns": {"Message": text}}]}),
                _ => json!({"alarmArn": text, "alarmData": {"state": {"value": "OK", "timestamp": text}}}),
            };
            let _ = Event::read(&event);
        }
    }
}
