// `firebase/app` is a package that exports this one.
export * from "@firebase/app";
