//! How the controller's Lambda is deployed: what `infra/region.yaml` sets.

/// `Timeout`, in seconds: a tick looks for 50 s and acts after that.
pub const TIMEOUT_S: f64 = 120.0;
/// `ReservedConcurrentExecutions`: an alarm does not wait for a tick that looks.
pub const CONCURRENCY: usize = 3;
/// `MaximumRetryAttempts`.
pub const RETRIES: usize = 1;
/// `MaximumEventAgeInSeconds`: what has waited longer is not tried any more.
pub const EVENT_AGE_S: f64 = 120.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_template_has_it() {
        let template = include_str!("../../../../infra/region.yaml");
        let lines = [
            format!("Timeout: {TIMEOUT_S}"),
            format!("ReservedConcurrentExecutions: {CONCURRENCY}"),
            format!("MaximumRetryAttempts: {RETRIES}"),
            format!("MaximumEventAgeInSeconds: {EVENT_AGE_S}"),
        ];
        for line in lines {
            assert!(template.lines().any(|set| set.trim() == line), "infra/region.yaml does not set {line}");
        }
    }
}
