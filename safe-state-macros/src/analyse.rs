//! Turns the function into a [`Plan`]: which loops are resumed, which variables are carried, and where their values are
//! needed. Everything that the source alone can refuse is refused here, before anything is generated.

pub(crate) mod accumulators;
pub(crate) mod again;
pub(crate) mod ahead;
pub(crate) mod anew;
pub(crate) mod behind;
pub(crate) mod borrowed;
pub(crate) mod capacity;
pub(crate) mod captured;
pub(crate) mod carried;
pub(crate) mod changes;
pub(crate) mod channels;
pub(crate) mod closures;
pub(crate) mod collections;
pub(crate) mod connections;
pub(crate) mod durable;
pub(crate) mod emptied;
pub(crate) mod heads;
pub(crate) mod hoist;
pub(crate) mod indexed;
pub(crate) mod kept;
pub(crate) mod lending;
pub(crate) mod markers;
pub(crate) mod merged;
pub(crate) mod mutations;
pub(crate) mod naming;
pub(crate) mod opening;
pub(crate) mod outer;
pub(crate) mod place;
pub(crate) mod places;
pub(crate) mod plan;
pub(crate) mod policies;
pub(crate) mod premutation;
pub(crate) mod read_fields;
pub(crate) mod receiving;
pub(crate) mod several;
pub(crate) mod sharing;
pub(crate) mod side_by_side;
pub(crate) mod sources;
pub(crate) mod standing;
pub(crate) mod survey;
pub(crate) mod taking;
pub(crate) mod targets;
pub(crate) mod telling;
pub(crate) mod unprotected;
pub(crate) mod worklists;

use syn::visit::Visit;
use syn::{Block, Error, ItemFn, Result};

use carried::{CarriedVariable, Source};
use collections::is_of_std;
use plan::{Analysed, Plan};
use sources::carried_variables;
use survey::{Survey, survey};
use targets::{Search, Target, find};

use crate::parse::function::Argument;
use crate::parse::future;
use crate::parse::options::Options;
use crate::syntax::rewrite::{body, break_to, loops};

/// Returns everything that code is generated from, or the error that says why the function can't be resumable.
pub(crate) fn analyse(options: Options, function: &ItemFn) -> Result<Analysed> {
    let mut plan = Plan::of(options, function)?;
    standing::check(function, &plan)?;
    let mut function = function.clone();
    let name = function.sig.ident.clone();
    future::with_block(&mut function, |block| {
        worklists::plain_whiles(block, &plan.krate);
        several::take_apart(&plan, block);
        let survey = survey(block);
        plan.name_self(&survey);
        let mut targets = chosen(&plan, &survey, &name, block)?;
        policies::check_policies(&plan, &survey, &targets)?;
        side_by_side::check_place(&plan, &survey, &targets)?;
        let is_outermost = |at| targets.iter().any(|it: &Target| it.at == at && it.depth == 0);
        let mut hoisted = hoist::hoist(block, is_outermost);
        for target in &mut targets {
            target.hoisted = hoisted.remove(&target.at).unwrap_or_default();
        }
        plan.originals = loops(block, |at| targets.iter().any(|target| target.at == at));
        indexed::compare_rows(&plan, &mut targets);
        name_connections(&mut plan, &survey, &targets);
        name_variables(&mut plan, &survey, &mut targets)?;
        unprotected::check(&plan, &survey, &targets)?;
        check_bodies(&plan, &survey, &targets)?;
        anew::check_anew(&plan, block, &targets)?;
        emptied::check_emptied(&plan, &targets)?;
        capacity::check_capacity(&plan, block)?;
        places::place(&mut plan, block, &survey, &targets);
        merged::check_merged(&plan, &targets)?;
        naming::check_hidden(&plan, &survey, &targets)?;
        closures::check_item_closures(&plan, &targets)?;
        worklists::check_worklists(&plan, &targets)?;
        side_by_side::check_bodies(&plan, &targets)?;
        behind::check_sources(&plan, block, &targets)?;
        check_premutation(&plan, block, &survey, &targets)?;
        Ok((block.clone(), survey, targets))
    })
    .map(|(block, survey, targets)| Analysed { plan, survey, targets, block })
}

/// Returns the loops to make resumable: none in manual mode, and none in a function that has only a `step!`.
fn chosen(plan: &Plan, survey: &Survey, name: &syn::Ident, block: &Block) -> Result<Vec<Target>> {
    if plan.options.manual.is_some() || has_steps_alone(plan, survey, block) {
        return Ok(Vec::new());
    }
    let search = Search {
        function: name,
        arguments: &plan.arguments,
        iter: plan.options.iter.as_ref(),
        items: &plan.options.items,
    };
    find(survey, &search)
}

/// Treats the connections of transactions that the items commit as if `fresh(..)` named them.
fn name_connections(plan: &mut Plan, survey: &Survey, targets: &[Target]) {
    plan.connections = connections::connections(plan, survey, targets);
    plan.options.restored.fresh.extend(plan.connections.iter().cloned());
}

/// Finds the variables that the options name, and notes in which loops another one has a name of theirs.
fn name_variables(plan: &mut Plan, survey: &Survey, targets: &mut [Target]) -> Result<()> {
    let meanings = naming::meanings(plan, survey, targets)?;
    for target in targets.iter_mut() {
        target.hidden = naming::hidden_in(plan, &meanings, survey, target);
    }
    let carried = carried_variables(plan, &meanings, survey, targets)?;
    plan.carried = carried;
    Ok(())
}

/// Returns whether the function has a `step!`, but no loop, and no option that is about a loop.
fn has_steps_alone(plan: &Plan, survey: &Survey, block: &Block) -> bool {
    struct Steps<'a>(&'a Plan, bool);
    impl<'ast> Visit<'ast> for Steps<'_> {
        fn visit_macro(&mut self, mac: &'ast syn::Macro) {
            self.1 |= self.0.our_macro(&mac.path).as_deref() == Some("step");
        }
    }
    let is_of_loop = !survey.loops.is_empty()
        || !survey.hidden.is_empty()
        || !survey.consumers.is_empty()
        || !survey.stray_markers.is_empty();
    let says_of_loop = plan.options.iter.is_some()
        || plan.options.items.place().is_some()
        || !plan.options.restored.carry.is_empty();
    let mut steps = Steps(plan, false);
    steps.visit_block(block);
    steps.1 && !is_of_loop && !says_of_loop
}

/// Checks the head and the body of each resumable loop, and refuses what the source alone shows to be wrong.
fn check_bodies(plan: &Plan, survey: &Survey, targets: &[Target]) -> Result<()> {
    for target in targets {
        let written = plan.originals.get(&target.at);
        let found = written.and_then(|it| Some((it, body(it)?)));
        if let (Some((written, body)), Some(it)) = (found, survey.loops.get(target.at)) {
            markers::check_pattern(written)?;
            sharing::check_shared(plan, target, written, body)?;
            durable::check_durable(plan, body, it)?;
            accumulators::check_accumulators(plan, written, body, it)?;
            accumulators::check_head(plan, written, target, it)?;
            channels::check_channels(plan, body, it)?;
            taking::check_taking(plan, written, body)?;
            taking::check_receiving(plan, written, target)?;
            taking::check_order(plan, written, it, target)?;
            lending::check_head(plan, target)?;
            closures::check_fresh_closures(plan, it)?;
            // With several loops, a loop must pass the code that notes its end, or the next loop would not know of it.
            let block_labels =
                if targets.len() > 1 { it.scope.block_labels.as_slice() } else { &[] };
            if let Some(label) = break_to(body, block_labels) {
                let text = "this leaves a resumable loop for the end of a block around it, so the job could \
                            not note that the loop has ended; leave the loop by a `break` of its own first";
                return Err(Error::new(label.span(), text));
            }
        }
    }
    Ok(())
}

/// Refuses changes before a loop to variables that can't be set back to an earlier value: handles, and in manual mode
/// all variables.
fn check_premutation(
    plan: &Plan,
    block: &Block,
    survey: &Survey,
    targets: &[Target],
) -> Result<()> {
    let is_last_alone = |it: &&CarriedVariable| it.is_handle() || targets.is_empty();
    let whole = plan.carried.iter().filter(|it| it.named.is_whole());
    for variable in whole.filter(is_last_alone) {
        let is_known = match variable.source {
            Source::Local { at, .. } => survey
                .all_locals
                .iter()
                .any(|it| it.at == at && it.binding.ident == variable.ident && it.is_of_std()),
            Source::Argument { .. } => {
                let argument = plan.arguments.iter().find(|it| it.ident == variable.ident);
                let ty = argument.and_then(Argument::value_type);
                ty.as_ref().is_some_and(is_of_std)
            }
        };
        premutation::check(block, variable, targets, is_known)?;
    }
    Ok(())
}
