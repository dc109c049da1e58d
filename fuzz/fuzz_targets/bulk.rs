//! A bulk request: reading, references and what they become.
#![no_main]

use roster::scim::{
    Profile, Quirks, json,
    message::bulk::{Action, BulkRequest, Task, n_operations},
    patch::Patch,
    read,
};
use roster_fuzz::TYPES;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = json::object(bytes) else { return };
    for profile in Profile::ALL {
        let mut quirks = Quirks::new(profile);
        let n = n_operations(&body);
        let Ok(request) = BulkRequest::read(body.clone(), *TYPES, &mut quirks) else { continue };
        assert_eq!(request.operations.len(), n);
        assert_ne!(request.fail_on_errors, Some(0));
        let mut names = std::collections::HashSet::new();
        for operation in request.operations {
            if let Ok(task) = operation.task {
                let creates = matches!(task.action, Action::Create { .. });
                assert_eq!(creates, task.bulk_id.is_some(), "what is created has a bulkId, and nothing else");
                assert!(
                    task.bulk_id.iter().all(|name| names.insert(name.clone())),
                    "a bulkId names one thing"
                );
                assert_resolves(task, &mut quirks);
            }
        }
    }
});

/// Nothing that is known changes nothing; all that is known leaves no reference.
fn assert_resolves(task: Task, quirks: &mut Quirks) {
    let mut unknown = task.clone();
    unknown.resolve(&|_| None);
    assert_eq!(format!("{unknown:?}"), format!("{task:?}"));
    let mut known = task.clone();
    known.resolve(&|name| task.references().contains(name).then(|| "2819c223".to_owned()));
    assert_eq!(known.references().into_iter().next(), None, "{task:?}");
    match known.action {
        Action::Create { data } | Action::Replace { data, .. } => {
            drop(read::resource(known.resource_type, data, quirks))
        }
        Action::Patch { data, .. } => drop(Patch::read(known.resource_type, data, quirks)),
        Action::Remove { .. } => {}
    }
}
