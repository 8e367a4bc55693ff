// Code that reads or changes a carried variable outside a loop's body sees, in a resumed run, what it saw in the first.

// kept
mod argument_before_the_loop {
    #[resumable(backend = store(), carry(stock))]
    fn restock(boxes: &[u64], stock: &mut u64) -> Result<u64, Stop> {
        let before = *stock;
        for count in boxes {
            step("box", count)?;
            *stock += count;
        }
        Ok(*stock - before)
    }
    pub fn run() -> String {
        let mut stock = 40;
        let added = restock(&[3, 1, 2], &mut stock);
        format!("{added:?} {stock}")
    }
}

// kept
mod net_between_phases {
    #[resumable(backend = store(), carry(total))]
    fn invoice(prices: &[u64], fees: &[u64]) -> Result<(u64, u64), Stop> {
        let mut total = 0;
        #[resume]
        for price in prices {
            step("price", price)?;
            total += price;
        }
        let net = total;
        #[resume]
        for fee in fees {
            step("fee", fee)?;
            total += fee;
        }
        step("sent", (net, total))?;
        Ok((net, total))
    }
    pub fn run() -> String { format!("{:?}", invoice(&[3, 1, 2], &[70, 80])) }
}

// kept
mod only_if_it_is_empty {
    #[resumable(backend = store(), carry(cache))]
    fn warm(keys: &[u64], cache: &mut Vec<u64>) -> Result<usize, Stop> {
        if cache.is_empty() {
            for key in keys {
                step("key", key)?;
                cache.push(key * 2);
            }
        }
        Ok(cache.len())
    }
    pub fn run() -> String {
        let mut cache = vec![];
        let warmed = warm(&[3, 1, 2], &mut cache);
        format!("{warmed:?} {cache:?}")
    }
}

// kept
mod range_up_to_what_is_left {
    #[resumable(backend = store(), carry(seats))]
    fn book(hall: u64) -> Result<u64, Stop> {
        let mut seats = hall;
        for guest in 0..seats {
            step("guest", guest)?;
            seats -= 1;
        }
        Ok(seats)
    }
    pub fn run() -> String { format!("{:?}", book(5)) }
}

// kept
mod offset_of_an_inner_loop {
    #[resumable(backend = store(), carry(lines))]
    fn number(pages: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut lines: Vec<u64> = Vec::new();
        #[resume]
        for page in pages {
            let above = lines.len() as u64;
            #[resume]
            for line in *page {
                step("line", line)?;
                lines.push(above * 100 + line);
            }
        }
        Ok(lines)
    }
    pub fn run() -> String { format!("{:?}", number(&[&[3, 1], &[2, 4], &[5]])) }
}

// kept
mod second_phase_over_what_grows {
    #[resumable(backend = store(), carry(orders))]
    fn double(ids: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut orders = Vec::new();
        #[resume]
        for id in ids {
            step("order", id)?;
            orders.push(*id);
        }
        #[resume]
        for at in 0..orders.len() {
            step("copy", at)?;
            let copy = orders[at] + 500;
            orders.push(copy);
        }
        Ok(orders)
    }
    pub fn run() -> String { format!("{:?}", double(&[3, 1, 2])) }
}

// kept
mod second_phase_over_a_copy_of_what_grows {
    #[resumable(backend = store(), carry(orders))]
    fn double(ids: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut orders = Vec::new();
        #[resume]
        for id in ids {
            step("order", id)?;
            orders.push(*id);
        }
        #[resume]
        for order in orders.clone() {
            step("copy", order)?;
            orders.push(order + 500);
        }
        Ok(orders)
    }
    pub fn run() -> String { format!("{:?}", double(&[3, 1, 2])) }
}

// kept
mod ids_behind_the_last_one {
    #[resumable(backend = store(), carry(users))]
    fn register(names: &[u64], users: &mut Vec<u64>) -> Result<Vec<u64>, Stop> {
        let first = users.len() as u64;
        for (at, name) in names.iter().enumerate() {
            step("name", name)?;
            users.push(first + at as u64);
        }
        Ok(users.clone())
    }
    pub fn run() -> String { format!("{:?}", register(&[3, 1, 2], &mut vec![8, 9])) }
}

// kept
mod limit_from_an_argument {
    #[resumable(backend = store(), carry(speed))]
    fn accelerate(mut speed: u64, pushes: &[u64]) -> Result<(u64, u64), Stop> {
        let limit = speed + 8;
        for push in pushes {
            step("push", push)?;
            speed += push;
            if speed > limit { break }
        }
        Ok((speed, limit))
    }
    pub fn run() -> String { format!("{:?}", accelerate(2, &[4, 3, 5, 6])) }
}

// kept
mod percentage {
    #[resumable(backend = store(), carry(done))]
    fn upload(files: &[u64], done: &mut u64) -> Result<u64, Stop> {
        let all = *done + files.len() as u64;
        for file in files {
            *done += 1;
            step("file", (file, *done, all))?;
        }
        Ok(all)
    }
    pub fn run() -> String { format!("{:?}", upload(&[3, 1, 2], &mut 10)) }
}

// kept
mod another_of_its_name {
    #[resumable(backend = store(), carry(level))]
    fn climb(stairs: &[u64]) -> Result<(u64, u64), Stop> {
        let mut level = 4;
        let above = {
            let level = level + 1;
            level
        };
        for stair in stairs {
            step("stair", stair)?;
            level += stair;
        }
        Ok((level, above))
    }
    pub fn run() -> String { format!("{:?}", climb(&[3, 1, 2])) }
}

// kept
mod refused_target {
    #[resumable(backend = store(), carry(page))]
    fn write(words: &[u64], page: &mut String) -> Result<usize, Stop> {
        if !page.is_empty() {
            return Err(Stop::Rejected(page.len() as u64));
        }
        for word in words {
            step("word", word)?;
            page.push_str(&word.to_string());
        }
        Ok(page.len())
    }
    pub fn run() -> String {
        let mut page = String::new();
        let written = write(&[3, 1, 2], &mut page);
        format!("{written:?} {page}")
    }
}

// kept
mod second_phase_by_way_of_a_function {
    fn copied(list: &Vec<u64>) -> Vec<u64> {
        list.clone()
    }
    #[resumable(backend = store(), carry(tasks))]
    fn plan(ids: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut tasks: Vec<u64> = Vec::new();
        #[resume]
        for id in ids {
            step("plan", id)?;
            tasks.push(id * 10);
        }
        let planned = copied(&tasks);
        let open: Vec<u64> = planned.iter().copied().collect();
        #[resume]
        for task in open {
            step("do", task)?;
            tasks.push(task + 1);
        }
        Ok(tasks)
    }
    pub fn run() -> String { format!("{:?}", plan(&[3, 1, 2])) }
}

// kept
mod changed_between_through_a_pattern {
    #[resumable(backend = store(), carry(scores))]
    fn play(rounds: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut scores: Vec<u64> = vec![0; 2];
        #[resume]
        for round in rounds {
            step("round", round)?;
            scores[0] += round;
        }
        match scores {
            ref mut all => all.push(77),
        }
        #[resume]
        for round in rounds {
            step("revenge", round)?;
            scores[1] += 1;
        }
        Ok(scores)
    }
    pub fn run() -> String { format!("{:?}", play(&[3, 1, 2])) }
}

// kept
mod worklist {
    #[resumable(backend = store(), carry(open))]
    fn divide(start: Vec<u64>) -> Result<(), Stop> {
        let mut open = start;
        #[resume]
        while let Some(cell) = open.pop() {
            step("cell", cell)?;
            if cell > 1 {
                open.push(cell - 1);
            }
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", divide(vec![2, 3])) }
}

// kept
mod sorted_between {
    #[resumable(backend = store(), carry(plan, done))]
    fn work(ids: &[u64]) -> Result<u64, Stop> {
        let mut plan = Vec::new();
        let mut done = 0;
        #[resume]
        for id in ids {
            step("plan", id)?;
            if id % 2 == 1 { plan.push(id * 10) }
        }
        plan.sort_unstable_by(|one, other| other.cmp(one));
        #[resume]
        for task in plan {
            step("do", task)?;
            done += task;
        }
        Ok(done)
    }
    pub fn run() -> String { format!("{:?}", work(&[3, 1, 2, 5])) }
}

// kept
mod filtered_by_what_is_known {
    #[resumable(backend = store(), carry(known))]
    fn crawl(links: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut known: Vec<u64> = vec![2];
        let open: Vec<u64> = links.iter().copied().filter(|link| !known.contains(link)).collect();
        for link in open {
            step("link", link)?;
            known.push(link);
        }
        Ok(known)
    }
    pub fn run() -> String { format!("{:?}", crawl(&[3, 1, 2, 4])) }
}

// kept
mod skipped_by_what_is_done {
    #[resumable(backend = store(), carry(offset))]
    fn read(lines: &[u64], mut offset: usize) -> Result<usize, Stop> {
        for line in lines.iter().skip(offset) {
            step("line", line)?;
            offset += 1;
        }
        Ok(offset)
    }
    pub fn run() -> String { format!("{:?}", read(&[3, 1, 2, 4], 1)) }
}
