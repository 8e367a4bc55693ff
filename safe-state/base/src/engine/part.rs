//! Which of how many workers this process is, as far as its environment tells.

use super::own;

/// Returns the number of this worker, from 0, and how many there are.
pub fn part() -> Option<(u32, u32)> {
    of(&own)
}

fn of(variable: &impl Fn(&str) -> Option<String>) -> Option<(u32, u32)> {
    if let Some(said) = variable("SAFE_STATE_WORKER").filter(|said| !said.is_empty()) {
        let (number, of) = said.split_once('/')?;
        return within(number.trim().parse().ok()?, of.trim().parse().ok()?);
    }
    let set = |name: &str| variable(name)?.trim().parse::<u32>().ok();
    // Numbers with a step between them, from the first on.
    let between = |number: &str, first: &str, last: &str, step: &str| {
        let step = set(step).unwrap_or(1).max(1);
        let (number, first, last) = (set(number)?, set(first)?, set(last)?);
        let behind = number.checked_sub(first).filter(|behind| behind % step == 0)?;
        within(behind / step, last.checked_sub(first)? / step + 1)
    };
    let of_slurm = || {
        let (number, of) = between(
            "SLURM_ARRAY_TASK_ID",
            "SLURM_ARRAY_TASK_MIN",
            "SLURM_ARRAY_TASK_MAX",
            "SLURM_ARRAY_TASK_STEP",
        )?;
        // A list of numbers has gaps.
        set("SLURM_ARRAY_TASK_COUNT").filter(|count| *count == of)?;
        Some((number, of))
    };
    let of_step = || within(set("SLURM_PROCID")?, set("SLURM_NTASKS")?);
    let of_batch = || within(set("AWS_BATCH_JOB_ARRAY_INDEX")?, set("AWS_BATCH_JOB_ARRAY_SIZE")?);
    let of_grid = || between("SGE_TASK_ID", "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE");
    of_slurm().or_else(of_step).or_else(of_batch).or_else(of_grid)
}

fn within(number: u32, of: u32) -> Option<(u32, u32)> {
    (number < of).then_some((number, of))
}

#[cfg(test)]
mod tests {
    use super::super::testing::environment;

    fn of(variables: &[(&str, &str)]) -> Option<(u32, u32)> {
        super::of(&environment(variables))
    }

    #[test]
    fn a_worker_knows_its_number_from_where_it_was_started() {
        assert_eq!(of(&[("SAFE_STATE_WORKER", "3/8")]), Some((3, 8)));
        assert_eq!(of(&[("SAFE_STATE_WORKER", "8/8")]), None);
        assert_eq!(
            of(&[("SAFE_STATE_WORKER", "x"), ("SLURM_PROCID", "1"), ("SLURM_NTASKS", "2")]),
            None
        );
        assert_eq!(of(&[("SLURM_PROCID", "1"), ("SLURM_NTASKS", "2")]), Some((1, 2)));
        let slurm = |id, count| {
            of(&[
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", "10"),
                ("SLURM_ARRAY_TASK_MAX", "16"),
                ("SLURM_ARRAY_TASK_STEP", "2"),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ])
        };
        assert_eq!([slurm("10", "4"), slurm("16", "4")], [Some((0, 4)), Some((3, 4))]);
        assert_eq!([slurm("11", "4"), slurm("12", "3")], [None, None]);
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "2"), ("AWS_BATCH_JOB_ARRAY_SIZE", "5")];
        assert_eq!(of(&batch), Some((2, 5)));
        let grid = [
            ("SGE_TASK_ID", "3"),
            ("SGE_TASK_FIRST", "1"),
            ("SGE_TASK_LAST", "5"),
            ("SGE_TASK_STEPSIZE", "2"),
        ];
        assert_eq!(of(&grid), Some((1, 3)));
        assert_eq!(of(&[]), None);
    }
}
