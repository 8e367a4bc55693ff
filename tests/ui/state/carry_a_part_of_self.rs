use safe_state::resumable;

struct Report {
    total: u64,
    count: (u64, u64),
}

impl Report {
    #[resumable(carry(total))]
    fn add(&mut self, numbers: &[u64]) {
        let Self { total, .. } = self;
        for number in numbers {
            *total += number;
        }
    }

    #[resumable(carry(even))]
    fn count(&mut self, numbers: &[u64]) {
        let Report { count: (_, even), .. } = self;
        for number in numbers {
            *even += 1 - number % 2;
        }
    }
}

#[resumable(carry(total))]
fn total(report: Report, numbers: &[u64]) -> u64 {
    let Report { mut total, count } = report;
    for number in numbers {
        total += number * count.0;
    }
    total
}

fn main() {
    let mut report = Report { total: 0, count: (0, 0) };
    report.add(&[1]);
    report.count(&[1]);
    total(report, &[1]);
}
