// A worker beside the trainer: answers each message, a method of its learner with arguments.
import { Learner } from "./learner.js";

const learner = new Learner();

self.addEventListener("message", ({ data: [method, ...rest] }) => self.postMessage(learner[method](...rest)));
