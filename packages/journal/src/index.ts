export { type FileJournal, type FileJournalOptions, fileJournal } from "./file-journal.ts";
export { followRemote } from "./follow-remote.ts";
export { carryOut, type IntentRecord, type Pending, type Recovery, recover } from "./intents.ts";
export { type LockOptions, lockFile } from "./lock.ts";
export { type JournalReader, readJournal } from "./read-journal.ts";
export { type RemoteJournalOptions, remoteJournal } from "./remote-journal.ts";
