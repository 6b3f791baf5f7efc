export { Durability } from "./durable/keeper";
export { StoreCounters, StoreLimits } from "./server/limits";
export { StoreListener, StoreServer } from "./server/server";
