use safe_state::resumable;

#[resumable(shared, carry(total, merge = |a, b| a + b))]
fn add(numbers: &[u32]) -> u32 {
    let mut total = 0;
    'all: {
        for number in numbers {
            'one: {
                if *number == 6 {
                    break 'one;
                }
            }
            if *number == 7 {
                break 'all;
            }
            total += number;
        }
    }
    total
}

fn main() {
    add(&[1]);
}
