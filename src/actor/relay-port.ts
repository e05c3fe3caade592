/** The Relay port: accepts TCP connections and joins each to a backend, byte by byte, without looking inside. */

export type RelayCommand =
  | { readonly type: 'listen'; readonly host: string; readonly port: number }
  /** Joins an accepted connection to a backend; `backend` names it for `reset`. */
  | {
      readonly type: 'join';
      readonly connection: number;
      readonly backend: string;
      readonly host: string;
      readonly port: number;
    }
  | { readonly type: 'refuse'; readonly connection: number }
  /** Resets all connections that are joined to a backend. */
  | { readonly type: 'reset'; readonly backend: string };

export type RelayEvent =
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  /** A client has connected and waits to be joined. */
  | { readonly type: 'accepted'; readonly connection: number };
