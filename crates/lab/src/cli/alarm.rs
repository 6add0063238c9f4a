//! `alarm`: prints the event of an alarm's change, as it reaches a Lambda.

use clap::{Args, ValueEnum};

use crate::alarm::{Alarm, Change, State, timestamp};

/// Options of `alarm`.
#[derive(Debug, Args)]
pub struct AlarmArgs {
    /// How it arrives.
    #[arg(long, value_enum, default_value_t = Shape::Eventbridge)]
    shape: Shape,
    /// The state it has now.
    #[arg(long, value_enum, default_value_t = To::Alarm)]
    state: To,
    /// The alarm's name. It lives in us-east-1, account 111122223333.
    #[arg(long, default_value = "wp-dynamodb-site-us-east-1")]
    name: String,
    /// When it took that state, in milliseconds since 1970 (default: now).
    #[arg(long, value_name = "MS")]
    at: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    /// The alarm's action is the Lambda itself.
    Direct,
    /// A rule of EventBridge.
    Eventbridge,
    /// The same, of a composite alarm.
    Composite,
    /// A notification of SNS.
    Sns,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum To {
    #[value(name = "ALARM")]
    Alarm,
    #[value(name = "OK")]
    Ok,
    #[value(name = "INSUFFICIENT_DATA")]
    InsufficientData,
}

/// Prints the event.
pub fn run(args: &AlarmArgs) {
    let alarm = Alarm::unhealthy(&args.name, "check-1");
    let to = match args.state {
        To::Alarm => State::Alarm,
        To::Ok => State::Ok,
        To::InsufficientData => State::InsufficientData,
    };
    let from = if to == State::Alarm { State::Ok } else { State::Alarm };
    let at_ms = args.at.unwrap_or_else(timestamp::now_ms);
    let change = Change { from, to, at_ms, before_ms: at_ms.saturating_sub(600_000), reason: "ordered".into() };
    let event = match args.shape {
        Shape::Direct => alarm.direct(&change),
        Shape::Eventbridge => alarm.eventbridge(&change),
        Shape::Composite => alarm.composite(&change),
        Shape::Sns => alarm.sns(&change),
    };
    println!("{event}");
}
