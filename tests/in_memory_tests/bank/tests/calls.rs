//! Tests a function of the library, which is compiled as for its users.

const ORDERS: [u64; 5] = [0, 1, 2, 3, 4];

#[test]
fn all_is_added_up() {
    assert_eq!(bank::bill(&ORDERS, 99).unwrap(), 10);
}

#[test]
fn the_bank_says_no_and_a_second_call_goes_on() {
    assert!(bank::bill(&ORDERS, 3).is_err());
    assert_eq!(bank::bill(&ORDERS, 99).unwrap(), 10);
}

#[test]
fn the_bank_says_no() {
    assert!(bank::bill(&ORDERS, 4).is_err());
}
