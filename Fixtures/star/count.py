"""Counts STAR dialogues on standard input without any code of AskOnce: dialogues, customers, agents, messages of
customers, messages of agents, completed dialogues."""
import json
import sys

dialogues = [json.loads(line) for line in sys.stdin]
messages = [
    event["Agent"]
    for dialogue in dialogues
    for event in dialogue["Events"]
    if event["Action"] in ("utter", "pick_suggestion") and event["Agent"] in ("User", "Wizard")
]
print(
    len({dialogue["DialogueID"] for dialogue in dialogues}),
    len({dialogue["AnonymizedUserWorkerID"] for dialogue in dialogues}),
    len({dialogue["AnonymizedWizardWorkerID"] for dialogue in dialogues}),
    messages.count("User"),
    messages.count("Wizard"),
    sum(dialogue["CompletionLevel"] == "Complete" for dialogue in dialogues),
)
