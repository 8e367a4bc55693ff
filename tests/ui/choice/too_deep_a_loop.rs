use safe_state::resumable;

macro_rules! job {
    ({ $($body:tt)* } $number:literal $($more:literal)*) => {
        job! { {
            #[resume]
            for _ in [$number] {
                $($body)*
            }
        } $($more)* }
    };
    ({ $($body:tt)* }) => {
        #[resumable]
        fn job() {
            $($body)*
        }
    };
}

job! { {} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 }

fn main() {
    job();
}
