use proptest::prelude::*;

use super::*;
use crate::{Carried, CarriedChange, Carry};

/// Returns what is stored once `list` is saved on top of `stored`, and how many bytes the save writes.
fn saved(list: &Worklist<u32>, stored: Option<Carried>) -> (Carried, usize) {
    let change = list.change("it", Vec::new(), stored.as_ref()).unwrap();
    let Some(change) = change else { return (stored.unwrap(), 0) };
    let written = postcard::to_stdvec(&change).unwrap();
    let CarriedChange { appends, value, .. } = change;
    let value = value.named_by(stored.as_ref());
    match stored.filter(|_| appends) {
        Some(mut stored) => {
            assert!(stored.is_list_like(&value));
            stored.append(value);
            (stored, written.len())
        }
        None => (value, written.len()),
    }
}

fn back(stored: &Carried) -> Vec<u32> {
    stored.decode("it").unwrap()
}

/// Returns the stored value as another process reads it.
fn read(stored: &Carried) -> Carried {
    let written = postcard::to_stdvec(&stored.clone().with_names()).unwrap();
    postcard::from_bytes(&written).unwrap()
}

#[test]
fn a_save_takes_as_many_bytes_as_changed() {
    let mut sizes = Vec::new();
    for len in [10, 100_000] {
        let mut list: Worklist<u32> = (0..len).map(|_| 7).collect();
        let (stored, whole) = saved(&list, None);
        assert!(whole > 4 * usize::try_from(len).unwrap());
        list.pop_front();
        list.extend([8, 9]);
        let (stored, change) = saved(&list, Some(stored));
        assert_eq!(back(&stored), list.iter().copied().collect::<Vec<_>>());
        let (_, nothing) = saved(&list, Some(stored));
        sizes.push((change, nothing));
    }
    assert_eq!(sizes[0], sizes[1]);
    assert!(sizes[0].0 < 100 && sizes[0].1 == 0, "{sizes:?}");
}

#[test]
fn a_save_that_came_to_nothing_is_made_up_for() {
    let mut list = Worklist::from([1u32, 2, 3]);
    let (stored, _) = saved(&list, None);
    list.pop_front();
    list.push_back(4);
    // Neither of these changes is stored.
    for _ in 0..20 {
        list.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
    }
    list.push_front(0);
    let (stored, _) = saved(&list, Some(stored));
    assert_eq!(back(&stored), [0, 2, 3, 4]);
}

#[test]
fn a_list_of_another_place_is_told_apart() {
    let (mut one, mut other) = (Worklist::from([1u32, 2]), Worklist::from([3u32, 4]));
    let (mut stored_one, mut stored_other) = (saved(&one, None).0, saved(&other, None).0);
    std::mem::swap(&mut one, &mut other);
    one.push_back(5);
    (stored_one, _) = saved(&one, Some(stored_one));
    (stored_other, _) = saved(&other, Some(stored_other));
    assert_eq!((back(&stored_one), back(&stored_other)), (vec![3, 4, 5], vec![1, 2]));
    let copy = one.clone();
    one = copy;
    (stored_one, _) = saved(&one, Some(stored_one));
    assert_eq!(back(&stored_one), [3, 4, 5]);
}

#[test]
fn a_restored_list_goes_on_with_what_is_stored() {
    let list = Worklist::from([1u32, 2, 3]);
    let stored = read(&saved(&list, None).0);
    let mut list = Worklist::<u32>::restore("it", &stored).unwrap();
    assert_eq!(list.change("it", Vec::new(), Some(&stored)), Ok(None));
    list.pop_back();
    let change = list.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
    assert!(change.appends);
    // A value that was read apart is another list.
    let other = read(&stored);
    assert!(!list.change("it", Vec::new(), Some(&other)).unwrap().unwrap().appends);
}

#[test]
fn elements_of_many_kinds_come_back() {
    let mut list = Worklist::new();
    let mut stored: Option<Carried> = None;
    let kinds = ["1", "\"a\"", "[null]", "{\"a\":1}", "{\"b\":[2]}", "1.5"];
    for json in kinds.iter().cycle().take(40) {
        list.push_back(serde_json::from_str::<serde_json::Value>(json).unwrap());
        if list.len() > 4 {
            list.pop_front();
        }
        let change = list.change("it", Vec::new(), stored.as_ref()).unwrap().unwrap();
        let (appends, value) = (change.appends, change.value.named_by(stored.as_ref()));
        match stored.as_mut().filter(|_| appends) {
            Some(stored) => stored.append(value),
            None => stored = Some(value),
        }
        let back: Worklist<serde_json::Value> = stored.as_ref().unwrap().decode("it").unwrap();
        assert_eq!(back, list);
    }
}

#[test]
fn what_does_not_come_back_is_refused() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Task {
        #[expect(dead_code, reason = "it is not to be read")]
        #[serde(skip_serializing)]
        page: String,
    }
    let list = Worklist::from([Task { page: "a".to_owned() }]);
    list.change("it", Vec::new(), None).unwrap_err();
}

/// A step in the life of a list.
#[derive(Clone, Debug)]
enum Step {
    PushBack,
    PushFront,
    PopFront,
    PopBack,
    Clear,
    Save,
    /// A save that fails: its change is not stored.
    Attempt,
    Mark,
    Undo,
    Resume,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::PushBack),
        2 => Just(Step::PushFront),
        4 => Just(Step::PopFront),
        2 => Just(Step::PopBack),
        1 => Just(Step::Clear),
        3 => Just(Step::Save),
        1 => Just(Step::Attempt),
        1 => Just(Step::Mark),
        1 => Just(Step::Undo),
        1 => Just(Step::Resume),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_stored_worklist_is_what_the_list_is(steps in steps()) {
        let (mut list, mut model) = (Worklist::new(), VecDeque::new());
        let mut stored = saved(&list, None).0;
        let mut next = 0..;
        let mut marked = None;
        for step in steps {
            match step {
                Step::PushBack => {
                    let number = next.next().unwrap();
                    list.push_back(number);
                    model.push_back(number);
                }
                Step::PushFront => {
                    let number = next.next().unwrap();
                    list.push_front(number);
                    model.push_front(number);
                }
                Step::PopFront => prop_assert_eq!(list.pop_front(), model.pop_front()),
                Step::PopBack => prop_assert_eq!(list.pop_back(), model.pop_back()),
                Step::Clear => {
                    list.clear();
                    model.clear();
                }
                Step::Save => {
                    stored = saved(&list, Some(stored)).0;
                    prop_assert_eq!(back(&stored), Vec::from(model.clone()));
                }
                Step::Attempt => drop(list.change("it", Vec::new(), Some(&stored)).unwrap()),
                Step::Mark => marked = Some((list.mark(), model.clone())),
                Step::Undo => {
                    if let Some((mark, before)) = marked.take() {
                        prop_assert!(list.undo(mark));
                        model = before;
                    }
                }
                Step::Resume => {
                    stored = read(&saved(&list, Some(stored)).0);
                    list = Worklist::restore("it", &stored).unwrap();
                    marked = None;
                }
            }
            prop_assert_eq!(&*list, &model);
        }
        prop_assert_eq!(back(&saved(&list, Some(stored)).0), Vec::from(model));
    }
}
