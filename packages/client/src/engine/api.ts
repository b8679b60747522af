// What commands ask of the engine. One `FolderEngine` holds one folder: its state, its log, its connection.
import type { Identity } from '@grenier/crypto'
import type { Home, FolderRecord } from '../home/home.ts'
import type { Adopted } from './adoption.ts'
import type { BrakeSight } from './brake-record.ts'
import type { FolderStatus, Progress, Report, Summary } from './events.ts'
import type { HistoryAnswer, HistoryQuery, LookQuery, TakeRow } from './history-query.ts'
import type { HistoryTree } from './history-tree.ts'
import type { GivenBack, Verification, VerifyOptions } from './mending.ts'
import type { MirrorChange } from './mirror-list.ts'
import type { Moved, MoveOptions } from './moving.ts'
import type { Promoted, PromoteOptions } from './promoting.ts'
import type { Platform } from './platform.ts'
import type { BroughtBack } from './bringing-back.ts'
import type { Pruned, PruneOptions } from './pruning.ts'
import type { Retention } from './retention.ts'

/** What each call is given. */
export interface EngineContext {
  readonly home: Home
  readonly platform: Platform
  readonly report: Report
  /** Aborted by Ctrl-C, SIGTERM, or the caller: the run stops cleanly and rejects with `interrupted`. */
  readonly signal: AbortSignal
  /** Entries between two checkpoints, where others than usual are wanted. */
  readonly checkpointEvery?: number | undefined
}

export interface RunOptions {
  /** Return when both sides agree and everything is durable; else watch until aborted. */
  readonly once: boolean
}

/** An invitation, shown once. */
export interface Invitation {
  /** Relay URL with the secret in its fragment. */
  readonly code: string
  readonly words: string
  readonly role: 'owner' | 'writer' | 'reader'
  /** ms since 1970. */
  readonly expiresMs: number
}

type Role = Invitation['role']

/** A device that is a member. Ids are those of its keys, hex. */
export interface MemberDevice {
  readonly id: string
  /** What it calls itself; undefined where that cannot be read. */
  readonly name: string | undefined
  /** The person's identity that certified it; undefined for a device that joined without one. */
  readonly identity: string | undefined
  readonly role: Role
  /** The entry that brought it, and its time, ms since 1970. */
  readonly since: { readonly seq: number; readonly atMs: number | undefined }
  /** The device that made its invitation; undefined for the one that made the vault, and for one that came by recovery. */
  readonly invitedBy: string | undefined
  /** Whether it is the one that asks. */
  readonly isThis: boolean
}

/** An identity that is a member. `madeVault`: nobody can revoke it. */
export interface MemberIdentity {
  readonly id: string
  readonly role: Role
  readonly madeVault: boolean
}

/** An invitation that nobody has accepted yet. */
export interface OpenInvitation {
  readonly id: string
  readonly role: Role
  readonly expiresMs: number
  readonly invitedBy: string
}

/** Who is in a vault, each list in the order of coming. */
export interface Members {
  /** That of this device. */
  readonly role: Role | undefined
  readonly devices: readonly MemberDevice[]
  readonly identities: readonly MemberIdentity[]
  readonly invitations: readonly OpenInvitation[]
  /** Whether the relay was asked; else it is what this device last knew. */
  readonly current: boolean
}

/** What an owner may do about members. `member`: the id of a device or an identity; `invitation`: that of an open invitation. */
export type MemberChange =
  | { readonly do: 'revoke'; readonly member: string }
  | { readonly do: 'role'; readonly member: string; readonly role: Role }
  | { readonly do: 'cancel'; readonly invitation: string }

/** What a person's word set free. */
export interface Approval {
  /** The marker was gone, and stands there again. */
  readonly marked: boolean
  /** What the brake held. */
  readonly sights: readonly BrakeSight[]
}

/** One open folder. Calls other than `run` may be made while a run goes on. */
export interface FolderEngine {
  readonly record: FolderRecord
  run(options: RunOptions): Promise<Summary>
  status(): Promise<FolderStatus>
  /** How far the run is now. */
  readonly progress: Progress
  invite(options: { role: 'owner' | 'writer' | 'reader'; expiresMs: number }): Promise<Invitation>
  members(): Promise<Members>
  /** Changes the members; how they are after it. @throws ClientError `member-refused` */
  changeMembers(change: MemberChange): Promise<Members>
  /** A person has looked at what the brake held: it goes on. */
  approve(): Promise<Approval>
  /** Answers about the history, or brings something back in place. Rows come one after the other. */
  history(query: HistoryQuery, take: TakeRow): Promise<HistoryAnswer>
  /** Puts back what the relay lost, as far as this device has it, and looks again at what it lacked before. */
  heal(): Promise<GivenBack>
  /** Checks by content a share (0 to 1) of the packs that the relay holds, and sends anew what is hurt. */
  verify(options: VerifyOptions): Promise<Verification>
  /** Lets go of what no retained version needs. Owners alone. @throws ClientError `relay-refused` (reason `no-right`) */
  prune(options: PruneOptions): Promise<Pruned>
  /** Brings back every pack that was dropped and that the relay keeps still. Owners alone. */
  bringBack(): Promise<BroughtBack>
  /** How long what was dropped is kept; set before, where a time is given (ms; owners alone). */
  retention(floorMs?: number): Promise<Retention>
  /** Takes the vault to another relay; goes on where an earlier attempt was cut off. Owners alone. */
  move(options: MoveOptions): Promise<Moved>
  /** Goes on at a mirror without the relay where the vault is. Owners alone. @throws ClientError `mirror-refused` */
  promote(options: PromoteOptions): Promise<Promoted>
  /** Names one more mirror, or one less. Owners alone. The mirrors after it. */
  changeMirrors(change: MirrorChange): Promise<readonly string[]>
  close(): Promise<void>
}

/** The history of a vault, opened without its folder. */
export interface OpenedHistory extends Pick<FolderEngine, 'record' | 'close'> {
  history(query: LookQuery, take: TakeRow): Promise<HistoryAnswer>
  /** The tree of now, for as long as `work` takes. */
  tree<T>(work: (tree: HistoryTree) => Promise<T>): Promise<T>
}

/** Opens a folder that this home syncs. @throws ClientError `folder-unknown`, `home-locked`, `folder-unmarked`, `state-foreign` */
export type OpenFolder = (context: EngineContext, path: string) => Promise<FolderEngine>

/**
 * A person has looked at a folder that no process holds: what the brake held is approved, and a marker that is gone is written anew.
 * @throws ClientError `folder-unknown`, `home-locked`, `folder-unusable`, `state-foreign`
 */
export type ApproveFolder = (context: EngineContext, path: string) => Promise<Approval>

/** What a person's word to go on after a fork came to; undefined: there was nothing to adopt. */
export type AdoptFolder = (context: EngineContext, path: string) => Promise<Adopted | undefined>

/** Starts a vault from a folder; the genesis is durable at the relay, the folder is marked and recorded. Then `run({once})`. */
export type AddFolder = (
  context: EngineContext,
  options: { path: string; name: string; relay: string },
) => Promise<FolderEngine>

/** Joins a vault with a code. @throws ClientError `code-wrong` */
export type JoinFolder = (
  context: EngineContext,
  options: { path: string; code: string },
) => Promise<FolderEngine>

/** Opens the account of the home's identity at a relay. */
export type OpenAccount = (
  context: Omit<EngineContext, 'report'>,
  options: { relay: string; invite: string | undefined; identity: Identity },
) => Promise<void>
