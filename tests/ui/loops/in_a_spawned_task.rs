use safe_state::resumable;

#[resumable]
async fn print(lines: Vec<u32>) {
    let task = tokio::spawn(async move {
        for line in lines {
            println!("{line}");
        }
    });
    task.await.unwrap()
}

fn main() {
    drop(print(vec![1]));
}
