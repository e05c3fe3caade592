/** Bounds of elections. Collected into docs/limits.md. */

/** A question to a store replica that is not answered by now goes to the next one. */
export const electionAskTimeoutMs = 1_000;

/** Pause between attempts that failed, and before a deposed holder stands again. */
export const electionRetryMs = 100;

/** A standby looks at the office this often even if its watch tells nothing. */
export const standbyPollMs = 5_000;

/** A holder renews so many times within the life of its lease. */
export const renewalsPerLease = 4;

/** Share of the lease after which a holder that could not renew stands down: before the store may give the office to another. */
export const standDownShare = 0.9;

/** Ids of asks and subscriptions that belong to one elector: far more than it can have open before the first is forgotten. */
export const electorIds = 10_000;
