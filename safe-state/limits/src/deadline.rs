//! When the batch system ends the program, as far as its environment tells.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time of day, in seconds since 1970: Slurm's, and one that any system's script can set.
const ENDS: [&str; 2] = ["SAFE_STATE_END_TIME", "SLURM_JOB_END_TIME"];
/// A length of time in seconds, or as `hours:minutes:seconds`. When it began is not told, so it is taken
/// to begin with the run, which may be too late.
const LENGTHS: [&str; 1] = ["PBS_WALLTIME"];

/// How long it is until then, from `now`.
pub(crate) fn time_left(
    now: SystemTime,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<Duration> {
    let until = |end: Duration| {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        end.saturating_sub(now)
    };
    let ends = ENDS.iter().filter_map(|name| seconds(&variable(name)?)).map(until);
    let lengths = LENGTHS.iter().filter_map(|name| seconds(&variable(name)?));
    ends.chain(lengths).min()
}

/// `90`, or `0:01:30`.
fn seconds(text: &str) -> Option<Duration> {
    let parts = text.trim().split(':').map(|part| part.parse::<u64>().ok());
    let total =
        parts.into_iter().try_fold(0_u64, |total, part| total.checked_mul(60)?.checked_add(part?));
    total.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(variables: &[(&str, &str)]) -> Option<u64> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        time_left(UNIX_EPOCH + Duration::from_secs(1000), variable).map(|left| left.as_secs())
    }

    #[test]
    fn the_first_end_counts() {
        assert_eq!(left(&[("SLURM_JOB_END_TIME", "1600")]), Some(600));
        assert_eq!(left(&[("PBS_WALLTIME", "0:01:30")]), Some(90));
        assert_eq!(left(&[("SLURM_JOB_END_TIME", "1600"), ("PBS_WALLTIME", "3600")]), Some(600));
        assert_eq!(left(&[("SAFE_STATE_END_TIME", "900")]), Some(0));
    }

    #[test]
    fn what_tells_nothing_is_no_end() {
        assert_eq!(left(&[]), None);
        assert_eq!(left(&[("SLURM_JOB_END_TIME", "soon"), ("PBS_WALLTIME", "")]), None);
    }
}
