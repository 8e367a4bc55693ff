//! Futures that are done in any order, without a loop.

struct Pages;

impl Pages {
    fn buffer_unordered(self, _: usize) -> Self {
        self
    }

    async fn collect(self) -> Vec<String> {
        Vec::new()
    }
}

fn pages(_: &[String]) -> Pages {
    Pages
}

#[safe_state::resumable]
async fn fetch(urls: &[String]) -> std::io::Result<usize> {
    Ok(pages(urls).buffer_unordered(16).collect().await.len())
}

fn main() {}
