//! Shows methods: every receiver, inherent and of traits.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use safe_state_tests::shapes::{Interrupted, block_on, step, store, try_step};

use super::resumable;

#[derive(Clone, Debug, Default)]
pub(crate) struct Shop {
    orders: Vec<u32>,
    shipped: u32,
}

impl Shop {
    fn open() -> Self {
        Shop { orders: vec![1, 2, 3], shipped: 0 }
    }

    #[resumable(backend = store())]
    fn by_ref(&self) -> usize {
        for x in &self.orders {
            step(x);
        }
        self.orders.len()
    }

    #[resumable(backend = store())]
    fn by_mut(&mut self, items: &[u32]) -> Result<(), Interrupted> {
        for x in items {
            try_step(x)?;
        }
        self.shipped = 1;
        Ok(())
    }

    #[resumable(backend = store(), fresh(self))]
    fn by_mut_walking_itself(&mut self) -> &mut u32 {
        for x in &mut self.orders {
            step(*x);
            *x += 1;
        }
        &mut self.shipped
    }

    #[resumable(backend = store())]
    fn by_value(self) -> Self {
        for x in &self.orders {
            step(x);
        }
        self
    }

    #[resumable(backend = store())]
    fn by_mut_value(mut self, items: &[u32]) -> Self {
        self.shipped = 9;
        for x in items {
            step(x);
        }
        self
    }

    #[resumable(backend = store())]
    fn by_arc(self: Arc<Self>) -> usize {
        for x in &self.orders {
            step(x);
        }
        Arc::strong_count(&self)
    }

    #[resumable(backend = store())]
    fn by_rc_ref(self: &Rc<Self>) -> usize {
        for x in &self.orders {
            step(x);
        }
        Rc::strong_count(self)
    }

    #[resumable(backend = store())]
    fn by_pin(self: Pin<&mut Self>) -> usize {
        for x in &self.orders {
            step(x);
        }
        self.orders.len()
    }

    #[resumable(backend = store())]
    fn its_type_in_a_macro_alone(items: &[u32]) -> String {
        for x in items {
            step(x);
        }
        format!("{}", Self::open().shipped)
    }

    #[resumable(backend = store())]
    fn new_from(items: Vec<u32>) -> Self {
        for x in &items {
            step(x);
        }
        Self { orders: items, shipped: 0 }
    }

    #[resumable(companion = false, backend = store())]
    pub(crate) fn without_a_word_of_its_type(items: &[u32]) {
        for x in items {
            step(x);
        }
    }

    #[resumable(backend = store(), fresh(self))]
    async fn by_mut_later(&mut self) -> &mut u32 {
        for x in &mut self.orders {
            tokio::task::yield_now().await;
            step(*x);
            *x += 1;
        }
        &mut self.shipped
    }
}

struct Grid<T>(T);

impl<T: Copy> Grid<T> {
    #[resumable(backend = store())]
    fn first<'a>(&'a self, items: &'a [T]) -> (&'a T, usize)
    where
        T: std::fmt::Debug + std::hash::Hash,
    {
        for x in items {
            step(x);
        }
        (items.first().unwrap_or(&self.0), items.len())
    }
}

trait Batch {
    type Item: std::fmt::Debug + std::hash::Hash;
    const SIZE: usize;

    fn items(&self) -> Vec<Self::Item>;

    #[resumable(backend = store())]
    fn by_default(&self) -> usize {
        for x in self.items() {
            step(x);
        }
        Self::SIZE
    }

    fn given(&self, items: Vec<Self::Item>) -> Vec<Self::Item>;

    async fn later(&self, items: &[u32]) -> usize;
}

impl Batch for Shop {
    type Item = u32;
    const SIZE: usize = 11;

    fn items(&self) -> Vec<u32> {
        self.orders.clone()
    }

    #[resumable(backend = store())]
    fn given(&self, items: Vec<Self::Item>) -> Vec<Self::Item> {
        for x in &items {
            step(x);
        }
        items
    }

    #[resumable(backend = store())]
    async fn later(&self, items: &[u32]) -> usize {
        for x in items {
            tokio::task::yield_now().await;
            step(x);
        }
        self.orders.len()
    }
}

safe_state_tests::shapes! {
    by_ref => Shop::open().by_ref();
    by_mut => Shop::open().by_mut(&[1, 2]);
    by_mut_walking_itself => Shop::open().by_mut_walking_itself();
    by_value => Shop::open().by_value();
    by_mut_value => Shop::open().by_mut_value(&[1, 2]);
    by_arc => Arc::new(Shop::open()).by_arc();
    by_rc_ref => Rc::new(Shop::open()).by_rc_ref();
    by_pin => Pin::new(&mut Shop::open()).by_pin();
    its_type_in_a_macro_alone => Shop::its_type_in_a_macro_alone(&[1, 2]);
    new_from => Shop::new_from(vec![1, 2]);
    without_a_word_of_its_type => Shop::without_a_word_of_its_type(&[1, 2]);
    by_mut_later => block_on(async { *Shop::open().by_mut_later().await });
    first => Grid(7).first(&[1, 2]);
    by_default => Shop::open().by_default();
    given => Shop::open().given(vec![4, 5]);
    async_in_a_trait => block_on(Batch::later(&Shop::open(), &[1, 2]));
}
