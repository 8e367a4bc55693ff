//! A loop over what is done in any order: by its index an item is another one in every run.

struct Pages;

impl Pages {
    fn buffer_unordered(self, _: usize) -> Self {
        self
    }

    async fn next(&mut self) -> Option<String> {
        None
    }
}

fn pages(_: &[String]) -> Pages {
    Pages
}

#[safe_state::resumable]
async fn fetch(urls: &[String]) -> std::io::Result<()> {
    let mut pages = pages(urls).buffer_unordered(16);
    #[resume]
    while let Some(page) = pages.next().await {
        println!("{page}");
    }
    Ok(())
}

fn main() {}
