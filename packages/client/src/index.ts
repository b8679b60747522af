// The public face of the client library.
export { ClientError, type ClientErrorCode } from './errors.ts'
