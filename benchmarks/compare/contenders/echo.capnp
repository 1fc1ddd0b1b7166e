@0xd1c6d6e1d1f7a6b3;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("contenders");

interface Echo {
  call @0 (value :Int32) -> (value :Int32);
  echo @1 (content :Data) -> (content :Data);
}
