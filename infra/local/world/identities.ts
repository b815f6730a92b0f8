/** People at the terminal. The embedded clusters take everybody at his word. */
export const LOCAL_ADMIN = 'local-admin';

/** Countersign's own user name, which alone may write approvals: the gate of every local cluster knows it. */
export const SERVICE_IDENTITY = 'countersign@local.iam.gserviceaccount.com';
