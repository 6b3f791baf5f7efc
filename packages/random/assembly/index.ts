export { ChaChaRandom } from "./random";
