use safe_state::resumable;

#[resumable]
fn find(numbers: &[u64]) {
    'find: {
        #[resume]
        for number in numbers {
            if *number == 3 {
                break 'find;
            }
        }
        println!("not there");
    }
    #[resume]
    for number in numbers {
        println!("{number}");
    }
}

fn main() {
    find(&[1]);
}
